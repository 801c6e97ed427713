using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Messages;
using Realtime.Protocol.Presence;
using Realtime.Socket.Channels;

namespace Realtime.Socket.Presence;

/// <summary>Does what channels ask about presence: states, tracking, limits (protocol.md section 6, 8.4, 8.5).</summary>
internal sealed class PresenceHandler(SocketNode node)
{
    private const string TenantLimitReached = "Too many presence messages per second";
    private const string ClientLimitReached = "Client presence rate limit exceeded";
    private const string PayloadTooLarge = "Track message size exceeded";
    private const string PayloadNoObject = "Presence track payload must be a map";

    /// <summary>Sends the state to a channel that just joined, when it or its tenant wants presence.</summary>
    public void Joined(Channel channel, bool isAsked)
    {
        var tenant = channel.Session.Hub.Model.Config;
        channel.EnablesPresence = isAsked || tenant.PresenceEnabled;
        if (!channel.EnablesPresence || !channel.ReceivesPresence)
        {
            return;
        }

        var events = node.Rates.For(tenant).PresenceEvents;
        if (events.IsExceeded)
        {
            ShutDown(channel, TenantLimitReached);
            return;
        }

        events.Add(1);
        TopicOf(channel).SendState(channel);
    }

    /// <summary>Ends what a channel tracks. The channel is no member of its group any more, so it does not hear of its own leave.</summary>
    public void Left(Channel channel)
    {
        if (channel.Group is not { Presence: { } topic } group)
        {
            return;
        }

        if (channel.Presence is { } presence)
        {
            topic.Untrack(presence);
        }

        node.TopicPresences.ForgetRetired(group, topic);
    }

    /// <summary>Tells the channels of this node what changed on another.</summary>
    public void Receive(PresenceChanged changed)
    {
        if (changed.Node != node.Id && node.Hubs.Find(changed.Tenant) is { } hub && hub.Find(changed.Channel) is { } group)
        {
            node.TopicPresences.Receive(node, hub, group, changed.Diff);
        }
    }

    /// <summary>Whether the policies have to be asked before this message can be handled: only tracking needs a permission.</summary>
    public static bool NeedsDecision(Channel channel, in ClientMessage message) =>
        !channel.Access.Knows(ChannelPermissions.WritePresence) && PresenceCommand.Read(message).Kind == PresenceCommandKind.Track;

    /// <summary>Handles one <c>presence</c> event of a channel's client.</summary>
    public void Handle(Channel channel, in ClientMessage message)
    {
        var command = PresenceCommand.Read(message);
        switch (command.Kind)
        {
            case PresenceCommandKind.None:
                Reply(channel, message, isOk: true);
                break;
            case PresenceCommandKind.Track:
                Track(channel, message, command.Payload);
                break;
            case PresenceCommandKind.TrackNoObject:
                channel.Session.Post(ServerMessage.ErrorReply(
                    channel.Session.Version, channel.EffectiveJoinRef, message.Ref, channel.Topic, PayloadNoObject));
                break;
            case PresenceCommandKind.Untrack:
                Untrack(channel, message);
                break;
            default:
                Reply(channel, message, isOk: false);
                break;
        }
    }

    private void Track(Channel channel, in ClientMessage message, ReadOnlySpan<byte> json)
    {
        var tenant = channel.Session.Hub.Model.Config;
        if (!channel.Access.Has(ChannelPermissions.WritePresence))
        {
            Reply(channel, message, isOk: false);
        }
        else if (!TryCountCall(channel, tenant.Limits))
        {
            ShutDown(channel, ClientLimitReached);
        }
        else if (node.Rates.For(tenant).PresenceEvents.IsExceeded)
        {
            ShutDown(channel, TenantLimitReached);
        }
        else if (PayloadSize.Exceeds(json, tenant.Limits.MaxPayloadBytes))
        {
            ShutDown(channel, PayloadTooLarge);
        }
        else if (!PresencePayload.TryCreate(json, out var payload))
        {
            Reply(channel, message, isOk: false);
        }
        else
        {
            // The reply first: the diff is sent by another thread.
            Reply(channel, message, isOk: true);
            channel.EnablesPresence = true;
            if (TopicOf(channel).Track(channel, PresenceOf(channel), payload))
            {
                node.Rates.For(tenant).PresenceEvents.Add(1);
            }
        }
    }

    // Needs no permission and is not subject to the tenant's limit.
    private void Untrack(Channel channel, in ClientMessage message)
    {
        if (!TryCountCall(channel, channel.Session.Hub.Model.Config.Limits))
        {
            ShutDown(channel, ClientLimitReached);
            return;
        }

        Reply(channel, message, isOk: true);
        channel.Group?.Presence?.Untrack(PresenceOf(channel));
    }

    private bool TryCountCall(Channel channel, TenantLimits limits) => PresenceOf(channel).TryCountCall(
        limits.MaxClientPresenceCalls is > 0 and var calls ? calls : node.TenantDefaults.ClientPresenceMaxCalls,
        limits.ClientPresenceWindow is { } window && window > TimeSpan.Zero ? window : node.TenantDefaults.ClientPresenceWindow,
        node.Time);

    private static ChannelPresence PresenceOf(Channel channel) => channel.Presence ??=
        new ChannelPresence(channel.PresenceKey.Length > 0 ? channel.PresenceKey : Guid.NewGuid().ToString());

    private TopicPresence TopicOf(Channel channel) =>
        node.TopicPresences.For(node, channel.Session.Hub, channel.Group!);

    private static void ShutDown(Channel channel, string message) => channel.Session.Channels.ShutDown(channel, message);

    private static void Reply(Channel channel, in ClientMessage message, bool isOk) => channel.Session.Post(
        ServerMessage.Reply(channel.Session.Version, channel.EffectiveJoinRef, message.Ref, channel.Topic, isOk, "{}"u8));
}
