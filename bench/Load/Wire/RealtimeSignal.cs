using System.Text.Json;

namespace Realtime.Load.Wire;

/// <summary>Decides what a message of the server means, whichever version carried it.</summary>
internal static class RealtimeSignal
{
    private const string JoinReference = "1";

    /// <summary>Whether a payload object reports success; a payload without a status does. The reader stands on the object's start.</summary>
    public static bool ReadStatus(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return true;
        }

        var ok = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isStatus = reader.ValueTextEquals("status"u8);
            reader.Read();
            if (isStatus)
            {
                ok = reader.ValueTextEquals("ok"u8);
            }
            else
            {
                reader.Skip();
            }
        }

        return ok;
    }

    /// <summary>The meaning of an event with this reference and status.</summary>
    public static Signal From(string? name, string? reference, bool ok) => name switch
    {
        "phx_close" or "phx_error" => Signal.Failed,
        "phx_reply" when ok && reference == JoinReference => Signal.Joined,
        "phx_reply" or "system" when !ok => Signal.Failed,
        _ => Signal.None,
    };
}
