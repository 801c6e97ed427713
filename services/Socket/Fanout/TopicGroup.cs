using Realtime.Contracts.Channels;
using Realtime.Protocol;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Presence;
using Realtime.Socket.Channels;
using Realtime.Socket.Presence;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Fanout;

/// <summary>The members that this node has of one topic.</summary>
/// <remarks>
/// One lock serves joins, leaves and deliveries, so all members see messages in one order. Delivering only puts shared frames into
/// outboxes, which never waits: 500 members take some ten microseconds.
/// </remarks>
internal sealed class TopicGroup(ChannelKey key)
{
    private readonly Lock _lock = new();
    private Channel[] _members = new Channel[4];
    private TopicPresence? _presence;
    private int _count;
    private volatile bool _isRetired;

    /// <summary>Which topic, public or private.</summary>
    public ChannelKey Key { get; } = key;

    /// <summary>Who is present here; null until somebody on this node or another uses presence.</summary>
    public TopicPresence? Presence => Volatile.Read(ref _presence);

    /// <summary>Whether the last member has left; the group never gets another.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>Number of members.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Sets the presence once.</summary>
    /// <returns>Null, or the one that was set before.</returns>
    public TopicPresence? SetPresence(TopicPresence presence) => Interlocked.CompareExchange(ref _presence, presence, null);

    /// <summary>Whether a channel is a member.</summary>
    public bool Contains(Channel channel)
    {
        lock (_lock)
        {
            return channel.GroupIndex >= 0;
        }
    }

    /// <summary>Adds a member.</summary>
    /// <returns><see langword="false"/> when the group was given up meanwhile; the caller takes a new one.</returns>
    public bool TryAdd(Channel channel)
    {
        lock (_lock)
        {
            if (_isRetired)
            {
                return false;
            }

            if (_count == _members.Length)
            {
                Array.Resize(ref _members, _count * 2);
            }

            channel.GroupIndex = _count;
            _members[_count++] = channel;
            return true;
        }
    }

    /// <summary>Removes a member; one that is not there is no error.</summary>
    /// <returns><see langword="true"/> when that was the last one: the group is given up and must be forgotten.</returns>
    public bool Remove(Channel channel)
    {
        lock (_lock)
        {
            var index = channel.GroupIndex;
            if (index < 0)
            {
                return false;
            }

            var last = _members[--_count];
            _members[index] = last;
            last.GroupIndex = index;
            _members[_count] = null!;
            channel.GroupIndex = -1;
            _isRetired = _count == 0;
            return _isRetired;
        }
    }

    /// <summary>Hands a broadcast to all members.</summary>
    /// <param name="message">Encoded once per version, with the first member that needs it.</param>
    /// <param name="sender">The channel that sent it; skipped unless it wants its own broadcasts. Null when none of this node did.</param>
    /// <param name="recipients">When given, collects the channels that got it.</param>
    /// <returns>Members that got the message.</returns>
    public int Deliver(BroadcastMessage message, Channel? sender, List<Channel>? recipients)
    {
        var delivered = 0;
        lock (_lock)
        {
            // The two slots are looked up once per message, not once per member.
            byte[]? v1 = null, v2 = null;
            var members = _members.AsSpan(0, _count);
            foreach (var member in members)
            {
                if (!member.ReceivesBroadcasts
                    || (member == sender && !member.ReceivesOwnBroadcasts)
                    || (message.StoredId is { } id && member.ReplayedIds?.Contains(id) == true))
                {
                    continue;
                }

                var frame = member.Session.Version == ProtocolVersion.V2
                    ? v2 ??= message.FrameFor(ProtocolVersion.V2)
                    : v1 ??= message.FrameFor(ProtocolVersion.V1);
                if (frame is not null && member.Session.Post(frame) == PostResult.Accepted)
                {
                    delivered++;
                    recipients?.Add(member);
                }
            }
        }

        return delivered;
    }

    /// <summary>Hands a change of presence to all members that may see it.</summary>
    /// <returns>Members that got it.</returns>
    public int DeliverPresence(PresenceFrames frames)
    {
        var delivered = 0;
        lock (_lock)
        {
            foreach (var member in _members.AsSpan(0, _count))
            {
                if (member.ReceivesPresence && member.Session.Post(frames.FrameFor(member.Session.Version)) == PostResult.Accepted)
                {
                    delivered++;
                }
            }
        }

        return delivered;
    }
}
