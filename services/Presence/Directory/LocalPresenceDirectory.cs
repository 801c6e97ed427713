using System.Collections.Concurrent;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Protocol.Presence;

namespace Realtime.Presence.Directory;

/// <summary>The directory of one process: a lock around each topic. Nodes that do not renew are noticed when others do.</summary>
public sealed class LocalPresenceDirectory(INodeBus bus, TimeProvider time) : IPresenceDirectory
{
    private readonly ConcurrentDictionary<PresenceTopic, Entry> _topics = new();
    private readonly NodeId _node = NodeId.New("presence");

    /// <summary>Topics with members.</summary>
    internal int Count => _topics.Count;

    /// <inheritdoc/>
    public void Publish(NodeId node, PresenceTopic topic, PresenceDiff diff) =>
        Change(topic, members => Announce(topic, node, members.Apply(node, diff, time.GetTimestamp())));

    /// <inheritdoc/>
    public void Replace(NodeId node, PresenceTopic topic, IReadOnlyList<PresenceMeta> members) =>
        Change(topic, all => Announce(topic, node, all.Replace(node, members, time.GetTimestamp())));

    /// <inheritdoc/>
    public ValueTask<PresenceSnapshot> ReadAsync(PresenceTopic topic, CancellationToken cancellationToken)
    {
        if (!_topics.TryGetValue(topic, out var entry))
        {
            return ValueTask.FromResult(new PresenceSnapshot([], IsComplete: true));
        }

        lock (entry.Lock)
        {
            return ValueTask.FromResult(entry.Members.Read(time.GetTimestamp()));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PresenceMismatch>> RenewAsync(
        NodeId node, IReadOnlyList<PresenceRenewal> renewals, CancellationToken cancellationToken)
    {
        var mismatches = new List<PresenceMismatch>();
        foreach (var renewal in renewals)
        {
            var mismatch = Renew(node, renewal);
            if (mismatch.Own || mismatch.All)
            {
                mismatches.Add(mismatch);
            }
        }

        RemoveSilent();
        return ValueTask.FromResult<IReadOnlyList<PresenceMismatch>>(mismatches);
    }

    private PresenceMismatch Renew(NodeId node, PresenceRenewal renewal)
    {
        if (!_topics.TryGetValue(renewal.Topic, out var entry))
        {
            return new PresenceMismatch(renewal.Topic, renewal.Own != default, renewal.All != default);
        }

        lock (entry.Lock)
        {
            return entry.Members.Renew(node, renewal, time.GetTimestamp());
        }
    }

    private void RemoveSilent()
    {
        var before = time.GetTimestamp() - (long)(IPresenceDirectory.Lifetime.TotalSeconds * time.TimestampFrequency);
        foreach (var topic in _topics.Keys)
        {
            Change(topic, members =>
            {
                foreach (var (node, metas) in members.RemoveSilent(before))
                {
                    Announce(topic, node, new PresenceDiff([], metas));
                }
            });
        }
    }

    // Nodes hear of the changes of a topic in their order, because the bus is called within the lock; its sinks do not block.
    private void Announce(PresenceTopic topic, NodeId node, PresenceDiff diff)
    {
        if (!diff.IsEmpty)
        {
            bus.Publish(_node, new PresenceChanged(topic.Tenant, topic.Channel, node, diff));
        }
    }

    private void Change(PresenceTopic topic, Action<TopicMembers> change)
    {
        while (true)
        {
            var entry = _topics.GetOrAdd(topic, static _ => new Entry());
            lock (entry.Lock)
            {
                // Its last member just left; the thread that saw that forgets it.
                if (entry.IsRetired)
                {
                    continue;
                }

                change(entry.Members);
                if (entry.Members.IsEmpty)
                {
                    entry.IsRetired = true;
                    _topics.TryRemove(new(topic, entry));
                }

                return;
            }
        }
    }

    private sealed class Entry
    {
        public Lock Lock { get; } = new();

        // In one process nothing is forgotten by a restart of the directory alone.
        public TopicMembers Members { get; } = new(completeFrom: long.MinValue);

        public bool IsRetired { get; set; }
    }
}
