using System.Buffers;
using System.Text;
using System.Text.Json;
using Realtime.Contracts.Channels;
using Realtime.Protocol;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Messages;

namespace Realtime.Socket.Channels;

/// <summary>Writes stored broadcasts as they are replayed after a join (protocol.md 5.7).</summary>
internal static class ReplayFrames
{
    /// <summary>One frame for each message that the channel's version can express; their ids are remembered in the channel.</summary>
    public static List<byte[]> Create(Channel channel, IReadOnlyList<StoredBroadcast> messages)
    {
        var frames = new List<byte[]>(messages.Count);
        foreach (var message in messages)
        {
            (channel.ReplayedIds ??= []).Add(message.Id);
            if (Create(channel, message) is { } frame)
            {
                frames.Add(frame);
            }
        }

        return frames;
    }

    private static byte[]? Create(Channel channel, StoredBroadcast message)
    {
        var meta = Encoding.UTF8.GetBytes($$"""{"id":"{{message.Id}}","replayed":true}""");
        if (message.IsBinary)
        {
            return new BroadcastMessage
            {
                Body = BroadcastBody.Binary,
                Topic = channel.Topic,
                UserEvent = Encoding.UTF8.GetBytes(message.Event ?? ""),
                Metadata = meta,
                Payload = message.Payload,
            }.FrameFor(channel.Session.Version);
        }

        var payload = new ArrayBufferWriter<byte>(message.Payload.Length + 128);
        payload.Write("{\"type\":\"broadcast\",\"event\":"u8);
        payload.Write(JsonSerializer.SerializeToUtf8Bytes(message.Event));
        payload.Write(",\"payload\":"u8);
        payload.Write(message.Payload.Span);
        payload.Write(",\"meta\":"u8);
        payload.Write(meta);
        payload.Write("}"u8);
        return ServerMessage.Push(
            channel.Session.Version, channel.EffectiveJoinRef, default, channel.Topic, "broadcast"u8, payload.WrittenSpan);
    }
}
