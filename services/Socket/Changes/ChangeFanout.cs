using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Realtime.Contracts.Changes;
using Realtime.Protocol;
using Realtime.Protocol.Changes;
using Realtime.Protocol.Messages;

namespace Realtime.Socket.Changes;

/// <summary>Delivers changes of tables to this node's channels (protocol.md 7.5).</summary>
/// <remarks>
/// A frame is made once for all channels that have the same version, topic and ids. Who shares a frame is worked out once per
/// audience, which consecutive changes have in common.
/// </remarks>
internal sealed class ChangeFanout(SocketNode node)
{
    private readonly ConditionalWeakTable<ChangeAudience, AudienceGroup[]> _groups = [];

    /// <summary>Delivers in order.</summary>
    public void Deliver(ChangesPublished published)
    {
        foreach (var change in published.Changes)
        {
            foreach (var group in _groups.GetValue(change.Audience, GroupsOf))
            {
                var frame = Encode(group, change);
                foreach (var registration in group.Registrations)
                {
                    registration.Channel.Session.Channels.Post(registration.Channel, frame);
                }
            }
        }
    }

    /// <summary>Tells channels what the feed says about their subscriptions.</summary>
    public void Notify(ChangeFeedNotice notice)
    {
        foreach (var subscriber in notice.Subscribers)
        {
            if (subscriber.Node == node.Id && node.Changes.Find(subscriber.Number) is { Channel: var channel })
            {
                channel.Session.Channels.NotifyChanges(channel, !notice.IsError, notice.Message);
            }
        }
    }

    private AudienceGroup[] GroupsOf(ChangeAudience audience)
    {
        var groups = new Dictionary<(ProtocolVersion, bool, string, string), AudienceGroup>();
        foreach (var recipient in audience.Recipients)
        {
            if (recipient.Subscriber.Node != node.Id || node.Changes.Find(recipient.Subscriber.Number) is not { } registration)
            {
                continue;
            }

            var channel = registration.Channel;
            var ids = Join(recipient.Ids);
            var key = (channel.Session.Version, registration.IsLegacy, channel.SubTopic, ids);
            if (!groups.TryGetValue(key, out var group))
            {
                groups.Add(key, group = new AudienceGroup(channel.Session.Version, registration.IsLegacy, channel.Topic, Encoding.ASCII.GetBytes(ids), []));
            }

            group.Registrations.Add(registration);
        }

        return [.. groups.Values];
    }

    private static byte[] Encode(AudienceGroup group, PublishedChange change)
    {
        if (group.IsLegacy)
        {
            return ServerMessage.Push(group.Version, default, default, group.Topic, NameOf(change.Event), change.Data.Span);
        }

        var payload = new ArrayBufferWriter<byte>(change.Data.Length + group.Ids.Length + 20);
        payload.Write("{\"ids\":["u8);
        payload.Write(group.Ids);
        payload.Write("],\"data\":"u8);
        payload.Write(change.Data.Span);
        payload.Write("}"u8);
        return ServerMessage.Push(group.Version, default, default, group.Topic, "postgres_changes"u8, payload.WrittenSpan);
    }

    private static ReadOnlySpan<byte> NameOf(ChangeEvents kind) => kind switch
    {
        ChangeEvents.Insert => "INSERT"u8,
        ChangeEvents.Update => "UPDATE"u8,
        _ => "DELETE"u8,
    };

    private static string Join(ImmutableArray<int> ids) => string.Join(',', ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Channels that get the same frame.</summary>
    private sealed record AudienceGroup(
        ProtocolVersion Version, bool IsLegacy, byte[] Topic, byte[] Ids, List<ChangeRegistration> Registrations);
}
