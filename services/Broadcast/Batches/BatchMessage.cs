using System.Text;
using Realtime.Broadcast.Delivery;
using Realtime.Contracts.Channels;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Broadcast.Batches;

/// <summary>One valid message of a batch; its slices belong to the request's body.</summary>
/// <param name="Channel">Where it goes.</param>
/// <param name="EventJson">The user event, a JSON string with its quotes.</param>
/// <param name="PayloadJson">The user payload, a JSON object.</param>
/// <param name="IdJson">The caller's id, a JSON string with its quotes; empty for none.</param>
/// <param name="Id">The caller's id, or null.</param>
internal sealed record BatchMessage(
    ChannelKey Channel, ReadOnlyMemory<byte> EventJson, ReadOnlyMemory<byte> PayloadJson, ReadOnlyMemory<byte> IdJson, string? Id)
{
    /// <summary>The message as receivers get it: <c>{"type":"broadcast","event":…,"payload":…,"meta":{"id":…}}</c>.</summary>
    public BroadcastMessage ToBroadcast() => new()
    {
        Body = BroadcastBody.Envelope,
        Topic = Encoding.UTF8.GetBytes(Broadcaster.TopicPrefix + Channel.SubTopic),
        Payload = IdJson.IsEmpty
            ? Concatenate("{\"type\":\"broadcast\",\"event\":"u8, EventJson.Span, ",\"payload\":"u8, PayloadJson.Span, "}"u8, default, default)
            : Concatenate(
                "{\"type\":\"broadcast\",\"event\":"u8, EventJson.Span, ",\"payload\":"u8, PayloadJson.Span, ",\"meta\":{\"id\":"u8, IdJson.Span, "}}"u8),
        StoredId = Id,
    };

    private static byte[] Concatenate(
        ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d, ReadOnlySpan<byte> e, ReadOnlySpan<byte> f, ReadOnlySpan<byte> g) =>
        [.. a, .. b, .. c, .. d, .. e, .. f, .. g];
}
