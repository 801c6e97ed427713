using System.Collections.Concurrent;
using Realtime.Protocol.Presence;
using Realtime.Socket.Fanout;

namespace Realtime.Socket.Presence;

/// <summary>The topics of this node on which presence is used.</summary>
internal sealed class TopicPresences
{
    private readonly ConcurrentDictionary<TopicPresence, byte> _topics = new();

    /// <summary>All of them at this moment.</summary>
    public ICollection<TopicPresence> All => _topics.Keys;

    /// <summary>The presence of a group, which lasts as long as the group has channels. Begins to read the members of other nodes.</summary>
    public TopicPresence For(SocketNode node, TenantHub hub, TopicGroup group)
    {
        if (group.Presence is { } known)
        {
            return known;
        }

        var created = new TopicPresence(node, hub, group);
        if (group.SetPresence(created) is { } other)
        {
            return other;
        }

        Add(group, created);
        _ = created.ReadAsync();
        return created;
    }

    /// <summary>Takes what changed on another node; it may be the first thing known about presence on the topic.</summary>
    public void Receive(SocketNode node, TenantHub hub, TopicGroup group, PresenceDiff diff)
    {
        if (group.Presence is { } known)
        {
            known.Receive(diff);
            return;
        }

        var created = new TopicPresence(node, hub, group);
        if (group.SetPresence(created) is { } other)
        {
            other.Receive(diff);
            return;
        }

        // Before reading: what is read contains the change, and who reads it first takes it for old.
        Add(group, created);
        created.Receive(diff);
        _ = Task.Run(created.ReadAsync);
    }

    /// <summary>Forgets a topic.</summary>
    public void Remove(TopicPresence topic) => _topics.TryRemove(topic, out _);

    /// <summary>Forgets a topic that has no channels any more, unless it still has something to send and forgets itself then.</summary>
    public void ForgetRetired(TopicGroup group, TopicPresence topic)
    {
        if (group.IsRetired && !topic.IsSending)
        {
            Remove(topic);
        }
    }

    // Whoever removes the last channel looks for the presence after it retired the group; either of us forgets it.
    private void Add(TopicGroup group, TopicPresence created)
    {
        _topics.TryAdd(created, 0);
        ForgetRetired(group, created);
    }
}
