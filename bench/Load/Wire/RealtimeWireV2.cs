using System.Text;
using System.Text.Json;

namespace Realtime.Load.Wire;

/// <summary>The Realtime protocol with version 2.0.0: text arrays, and binary frames for broadcasts (protocol.md 2.2 and 2.3).</summary>
internal sealed class RealtimeWireV2(string path, string token) : IWire
{
    private const byte UserBroadcastPush = 3;
    private const byte UserBroadcast = 4;
    private const byte JsonEncoding = 1;

    /// <inheritdoc/>
    public byte[] HeartbeatMessage { get; } = """[null,"h","phoenix","heartbeat",{}]"""u8.ToArray();

    /// <inheritdoc/>
    public string RequestTarget(string topic) => RealtimeTarget.Create(path, token, "2.0.0");

    /// <inheritdoc/>
    public byte[] JoinMessage(string topic) =>
        Encoding.UTF8.GetBytes($"""["1","1",{RealtimeTarget.QuotedTopic(topic)},"phx_join",{RealtimeTarget.JoinPayload}]""");

    /// <inheritdoc/>
    public PublishMessage CreatePublish(string topic, ReadOnlySpan<byte> payload)
    {
        var head = PushHead("1", "2", RealtimeTarget.FullTopic(topic), "load");
        return new PublishMessage(Opcode.Binary, [.. head, .. payload], head.Length);
    }

    // 3, join_ref_len, ref_len, topic_len, user_event_len, metadata_len, encoding, join_ref, ref, topic, user_event, metadata, payload
    internal static byte[] PushHead(string joinReference, string reference, string topic, string userEvent) =>
    [
        UserBroadcastPush,
        checked((byte)Encoding.UTF8.GetByteCount(joinReference)),
        checked((byte)Encoding.UTF8.GetByteCount(reference)),
        checked((byte)Encoding.UTF8.GetByteCount(topic)),
        checked((byte)Encoding.UTF8.GetByteCount(userEvent)),
        0,
        JsonEncoding,
        .. Encoding.UTF8.GetBytes(joinReference + reference + topic + userEvent),
    ];

    // 4, topic_len, user_event_len, metadata_len, encoding, topic, user_event, metadata, payload
    /// <inheritdoc/>
    public ReadOnlySpan<byte> FindPayload(Opcode opcode, ReadOnlySpan<byte> message)
    {
        if (opcode != Opcode.Binary || message.Length < 5 || message[0] != UserBroadcast)
        {
            return default;
        }

        var head = 5 + message[1] + message[2] + message[3];
        return head <= message.Length ? message[head..] : default;
    }

    // [join_ref, ref, topic, event, payload]
    /// <inheritdoc/>
    public Signal ReadSignal(ReadOnlySpan<byte> message)
    {
        var reader = new Utf8JsonReader(message);
        try
        {
            reader.Read();
            reader.Read();
            reader.Read();
            var reference = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            reader.Read();
            reader.Read();
            var name = reader.GetString();
            reader.Read();
            return RealtimeSignal.From(name, reference, RealtimeSignal.ReadStatus(ref reader));
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new WireException($"The server sent no valid message of version 2.0.0: {failure.Message}");
        }
    }
}
