using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Messages;
using Realtime.Socket.Fanout;

namespace Realtime.Socket.Channels;

/// <summary>Takes the broadcasts of clients: own subscribers first, then the other nodes (protocol.md section 5).</summary>
internal sealed class BroadcastHandler(SocketNode node)
{
    /// <summary>Handles one broadcast of a channel's client. One that may not write gets no answer (protocol.md 5.3).</summary>
    public void Handle(Channel channel, in ClientMessage message)
    {
        if (!channel.Access.Has(ChannelPermissions.WriteBroadcast))
        {
            return;
        }

        var hub = channel.Session.Hub;
        var tenant = hub.Model.Config;
        if (Exceeds(message, tenant.Limits.MaxPayloadBytes))
        {
            node.Rates.For(tenant).Events.Add(1);
            Acknowledge(channel, message, isOk: false, "\"payload_size_exceeded\""u8);
            return;
        }

        if (Create(channel, message) is not { } broadcast)
        {
            return;
        }

        var key = channel.Group!.Key;
        node.Fanout.Deliver(hub, channel.Group, broadcast, channel);
        node.Bus.Publish(node.Id, new BroadcastPublished(hub.Tenant, key, broadcast));
        Acknowledge(channel, message, isOk: true, "{}"u8);
    }

    // Clients always send objects as text; anything else would break version 2 receivers and is dropped (protocol.md 2.4).
    private static BroadcastMessage? Create(Channel channel, in ClientMessage message) => message.Form switch
    {
        MessageForm.UserBroadcast => new BroadcastMessage
        {
            Body = message.IsJsonPayload ? BroadcastBody.Json : BroadcastBody.Binary,
            Topic = channel.Topic,
            UserEvent = message.UserEvent.ToArray(),
            Payload = message.Payload.ToArray(),
        },
        MessageForm.Push => new BroadcastMessage { Body = BroadcastBody.Push, Topic = channel.Topic, Payload = message.Payload.ToArray() },
        _ when message.HasObjectPayload =>
            new BroadcastMessage { Body = BroadcastBody.Envelope, Topic = channel.Topic, Payload = message.Payload.ToArray() },
        _ => null,
    };

    // What counts as size is in protocol.md 5.4.
    private static bool Exceeds(in ClientMessage message, long limit) => message.Form switch
    {
        MessageForm.UserBroadcast => message.Payload.Length + message.UserEvent.Length + (message.IsJsonPayload ? 24 : 26)
            + (message.Metadata.IsEmpty ? 0 : PayloadSize.Measure(message.Metadata) - 5) > limit,
        MessageForm.Push => message.Payload.Length + 6 > limit,
        _ => PayloadSize.Exceeds(message.Payload, limit),
    };

    private static void Acknowledge(Channel channel, in ClientMessage message, bool isOk, ReadOnlySpan<byte> response)
    {
        if (channel.AcknowledgesBroadcasts)
        {
            channel.Session.Post(ServerMessage.Reply(
                channel.Session.Version, channel.EffectiveJoinRef, message.Ref, channel.Topic, isOk, response));
        }
    }
}
