using System.Text;
using System.Text.Json;

namespace Realtime.Load.Wire;

/// <summary>The Realtime protocol with version 1.0.0, all text objects (protocol.md 2.1).</summary>
internal sealed class RealtimeWireV1(string path, string token) : IWire
{
    /// <inheritdoc/>
    public byte[] HeartbeatMessage { get; } =
        """{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"h"}"""u8.ToArray();

    /// <inheritdoc/>
    public string RequestTarget(string topic) => RealtimeTarget.Create(path, token, "1.0.0");

    /// <inheritdoc/>
    public byte[] JoinMessage(string topic) => Encoding.UTF8.GetBytes(
        $$"""{"topic":{{RealtimeTarget.QuotedTopic(topic)}},"event":"phx_join","payload":{{RealtimeTarget.JoinPayload}},"ref":"1","join_ref":"1"}""");

    /// <inheritdoc/>
    public PublishMessage CreatePublish(string topic, ReadOnlySpan<byte> payload)
    {
        var head = Encoding.UTF8.GetBytes(
            $$"""{"topic":{{RealtimeTarget.QuotedTopic(topic)}},"event":"broadcast","payload":{"type":"broadcast","event":"load","payload":""");
        return new PublishMessage(Opcode.Text, [.. head, .. payload, .. "},\"ref\":\"2\",\"join_ref\":\"1\"}"u8], head.Length);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> FindPayload(Opcode opcode, ReadOnlySpan<byte> message)
    {
        var at = message.IndexOf(Stamp.Marker);
        return at < 0 ? default : message[at..];
    }

    /// <inheritdoc/>
    public Signal ReadSignal(ReadOnlySpan<byte> message)
    {
        var reader = new Utf8JsonReader(message);
        try
        {
            string? name = null, reference = null;
            var ok = false;
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("It is no object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("event"u8))
                {
                    reader.Read();
                    name = reader.GetString();
                }
                else if (reader.ValueTextEquals("ref"u8))
                {
                    reader.Read();
                    reference = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }
                else if (reader.ValueTextEquals("payload"u8))
                {
                    reader.Read();
                    ok = RealtimeSignal.ReadStatus(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }

            return RealtimeSignal.From(name, reference, ok);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new WireException($"The server sent no valid message of version 1.0.0: {failure.Message}");
        }
    }
}
