using System.Text.Json;
using Realtime.Protocol.Messages;

namespace Realtime.Socket.Sessions;

/// <summary>What an <c>access_token</c> event asks for (protocol.md 4.3).</summary>
/// <param name="Token">The new token; null when there is nothing to do.</param>
/// <param name="IsMalformed">The value is missing or no string: counted like an unknown event.</param>
internal readonly record struct AccessTokenPayload(string? Token, bool IsMalformed)
{
    /// <summary>Reads the payload of a text message; the binary form has no effect (protocol.md 2.3).</summary>
    public static AccessTokenPayload Read(in ClientMessage message)
    {
        if (!message.HasObjectPayload)
        {
            return new(null, IsMalformed: message.Form == MessageForm.Text);
        }

        try
        {
            var reader = new Utf8JsonReader(message.Payload, new JsonReaderOptions { MaxDepth = ClientMessageReader.MaxDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            if (!document.RootElement.TryGetProperty("access_token", out var value))
            {
                return new(null, IsMalformed: true);
            }

            return value.ValueKind switch
            {
                JsonValueKind.Null => default,
                // A key of the API gateway stands for the connection's token, which the channel already has.
                JsonValueKind.String => value.GetString() is { } text && !text.StartsWith("sb_", StringComparison.Ordinal) ? new(text, false) : default,
                _ => new(null, IsMalformed: true),
            };
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate: no text.
            return new(null, IsMalformed: true);
        }
    }
}
