using System.Buffers;
using System.Text.Json;
using Realtime.Protocol.Messages;

namespace Realtime.Protocol.Presence;

/// <summary>What a client tracks: a JSON object, kept as the client wrote it but for the members that the server adds itself.</summary>
public sealed class PresencePayload
{
    /// <summary>The payload of a track without one.</summary>
    public static readonly PresencePayload Empty = new(default);

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = ClientMessageReader.MaxDepth };
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = ClientMessageReader.MaxDepth };

    private PresencePayload(ReadOnlyMemory<byte> members) => Members = members;

    /// <summary>The object's text between its braces, without blanks around; empty for an object without members.</summary>
    public ReadOnlyMemory<byte> Members { get; }

    /// <summary>Copies an object and leaves out <c>phx_ref</c> and <c>phx_ref_prev</c> of its top level.</summary>
    /// <param name="json">One valid JSON object.</param>
    /// <param name="payload">The copy; empty when the result is <see langword="false"/>.</param>
    /// <returns><see langword="false"/> when a name is no text, such as half of a surrogate pair.</returns>
    public static bool TryCreate(ReadOnlySpan<byte> json, out PresencePayload payload)
    {
        try
        {
            payload = new PresencePayload(HasReservedName(json) ? WithoutReserved(json) : json[1..^1].Trim(" \t\r\n"u8).ToArray());
            return true;
        }
        catch (InvalidOperationException)
        {
            payload = Empty;
            return false;
        }
    }

    /// <summary>Copies an object from text that may be anything.</summary>
    /// <returns><see langword="false"/> for anything but one valid JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> text, out PresencePayload payload)
    {
        payload = Empty;
        return text is [(byte)'{', ..] && ClientMessageReader.IsJson(text) && TryCreate(text, out payload);
    }

    /// <summary>Whether both are the same JSON value: order of members, blanks and the way numbers are written do not matter.</summary>
    public bool HasValueOf(PresencePayload other)
    {
        if (Members.Span.SequenceEqual(other.Members.Span))
        {
            return true;
        }

        try
        {
            using var left = JsonDocument.Parse(ToObject(), DocumentOptions);
            using var right = JsonDocument.Parse(other.ToObject(), DocumentOptions);
            return JsonElement.DeepEquals(left.RootElement, right.RootElement);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // Half surrogates and exponents beyond 32 bits cannot be compared; what was written differently then counts as different.
            return false;
        }
    }

    private byte[] ToObject() => [(byte)'{', .. Members.Span, (byte)'}'];

    private static bool HasReservedName(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, ReaderOptions);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (IsReserved(reader))
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static byte[] WithoutReserved(ReadOnlySpan<byte> json)
    {
        var output = new ArrayBufferWriter<byte>(json.Length);
        var reader = new Utf8JsonReader(json, ReaderOptions);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isReserved = IsReserved(reader);
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!isReserved)
            {
                output.Write(output.WrittenCount > 0 ? ","u8 : default);
                output.Write(json[start..(int)reader.BytesConsumed]);
            }
        }

        return output.WrittenSpan.ToArray();
    }

    private static bool IsReserved(in Utf8JsonReader reader) =>
        reader.ValueTextEquals("phx_ref"u8) || reader.ValueTextEquals("phx_ref_prev"u8);
}
