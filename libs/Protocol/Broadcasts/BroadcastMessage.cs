using System.Buffers;
using Realtime.Protocol.Json;
using Realtime.Protocol.WebSockets;

namespace Realtime.Protocol.Broadcasts;

/// <summary>A broadcast for many subscribers, encoded and framed at most once per protocol version.</summary>
/// <remarks>
/// Owns its bytes: they were copied out of the receive buffer. Thread-safe without a lock: a race encodes twice and every caller
/// gets the same winner.
/// </remarks>
public sealed class BroadcastMessage
{
    /// <summary>Longest topic, user event or metadata that a binary frame can name, in bytes.</summary>
    public const int MaxNameBytes = 255;

    private readonly byte[]?[] _frames = new byte[]?[2];

    /// <summary>How the message is encoded for each version.</summary>
    public required BroadcastBody Body { get; init; }

    /// <summary>The topic as joined, with its <c>realtime:</c> prefix, in UTF-8.</summary>
    public required ReadOnlyMemory<byte> Topic { get; init; }

    /// <summary>The user event in UTF-8, any length for text frames; empty for an envelope or a push.</summary>
    public ReadOnlyMemory<byte> UserEvent { get; init; }

    /// <summary>The <c>meta</c> object as JSON; empty for none.</summary>
    public ReadOnlyMemory<byte> Metadata { get; init; }

    /// <summary>The payload: valid JSON for <see cref="BroadcastBody.Envelope"/> and <see cref="BroadcastBody.Json"/>, else opaque.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Id under which the database stored the message; null when it was never stored. A replayed id is not delivered again.</summary>
    public string? StoredId { get; init; }

    /// <summary>Whether topic, event and metadata fit into the one-byte lengths of a binary frame (protocol.md 2.3).</summary>
    public bool FitsBinaryFrame =>
        Topic.Length <= MaxNameBytes && UserEvent.Length <= MaxNameBytes && Metadata.Length <= MaxNameBytes;

    /// <summary>The complete WebSocket frame for subscribers of a version; the same array for all of them, never to be changed.</summary>
    /// <returns>Null when that version cannot express the message and its subscribers get nothing.</returns>
    public byte[]? FrameFor(ProtocolVersion version)
    {
        ref var slot = ref _frames[(int)version];
        if (Volatile.Read(ref slot) is { } frame)
        {
            return frame;
        }

        return Encode(version) is { } encoded ? Interlocked.CompareExchange(ref slot, encoded, null) ?? encoded : null;
    }

    private byte[]? Encode(ProtocolVersion version) => (Body, version) switch
    {
        (BroadcastBody.Envelope, ProtocolVersion.V1) => EncodeObject(withUserEvent: false),
        (BroadcastBody.Envelope, ProtocolVersion.V2) => EncodeArray(),
        (BroadcastBody.Json, ProtocolVersion.V1) => EncodeObject(withUserEvent: true),
        (BroadcastBody.Json, ProtocolVersion.V2) => EncodeUserBroadcast(encoding: 1),
        (BroadcastBody.Binary, ProtocolVersion.V2) => EncodeUserBroadcast(encoding: 0),
        (BroadcastBody.Push, ProtocolVersion.V2) => EncodePush(),
        _ => null,
    };

    // {"topic":…,"event":"broadcast","payload":…,"ref":null}
    private byte[] EncodeObject(bool withUserEvent)
    {
        var output = new ArrayBufferWriter<byte>(Payload.Length + Topic.Length + 160);
        output.Write("{\"topic\":"u8);
        JsonText.WriteString(output, Topic.Span);
        output.Write(",\"event\":\"broadcast\",\"payload\":"u8);
        if (withUserEvent)
        {
            output.Write("{\"type\":\"broadcast\",\"event\":"u8);
            JsonText.WriteString(output, UserEvent.Span);
            if (!Metadata.IsEmpty)
            {
                output.Write(",\"meta\":"u8);
                output.Write(Metadata.Span);
            }

            output.Write(",\"payload\":"u8);
            output.Write(Payload.Span);
            output.Write("}"u8);
        }
        else
        {
            output.Write(Payload.Span);
        }

        output.Write(",\"ref\":null}"u8);
        return ServerFrame.Create(WebSocketOpcode.Text, output.WrittenSpan);
    }

    // [null,null,topic,"broadcast",payload]
    private byte[] EncodeArray()
    {
        var output = new ArrayBufferWriter<byte>(Payload.Length + Topic.Length + 64);
        output.Write("[null,null,"u8);
        JsonText.WriteString(output, Topic.Span);
        output.Write(",\"broadcast\","u8);
        output.Write(Payload.Span);
        output.Write("]"u8);
        return ServerFrame.Create(WebSocketOpcode.Text, output.WrittenSpan);
    }

    // 4, topic_len, user_event_len, metadata_len, encoding, topic, user_event, metadata, payload
    private byte[]? EncodeUserBroadcast(byte encoding)
    {
        if (!FitsBinaryFrame)
        {
            return null;
        }

        ReadOnlySpan<byte> head = [4, (byte)Topic.Length, (byte)UserEvent.Length, (byte)Metadata.Length, encoding];
        return Concatenate(head, UserEvent.Span, Metadata.Span);
    }

    // 2, topic_len, event_len, topic, event, data
    private byte[]? EncodePush() =>
        FitsBinaryFrame ? Concatenate([2, (byte)Topic.Length, 9], "broadcast"u8, default) : null;

    private byte[] Concatenate(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name, ReadOnlySpan<byte> metadata)
    {
        var length = head.Length + Topic.Length + name.Length + metadata.Length + Payload.Length;
        var frame = GC.AllocateUninitializedArray<byte>(ServerFrame.HeaderLength(length) + length);
        var rest = frame.AsSpan(ServerFrame.WriteHeader(frame, WebSocketOpcode.Binary, length));
        Append(ref rest, head);
        Append(ref rest, Topic.Span);
        Append(ref rest, name);
        Append(ref rest, metadata);
        Append(ref rest, Payload.Span);
        return frame;
    }

    private static void Append(ref Span<byte> rest, ReadOnlySpan<byte> part)
    {
        part.CopyTo(rest);
        rest = rest[part.Length..];
    }
}
