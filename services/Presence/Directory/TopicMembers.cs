using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Protocol.Presence;

namespace Realtime.Presence.Directory;

/// <summary>The members of one topic on all nodes: the rules of the directory, without clock, transport or lock.</summary>
/// <remarks>Times are timestamps of any clock that only goes forward. Not thread-safe.</remarks>
/// <param name="completeFrom">From when on every living node has renewed, so that who is not here is not present.</param>
internal sealed class TopicMembers(long completeFrom)
{
    private readonly Dictionary<NodeId, NodeMembers> _nodes = [];

    /// <summary>Whether no node has members here.</summary>
    public bool IsEmpty => _nodes.Count == 0;

    /// <summary>Applies a node's diff.</summary>
    /// <returns>What it changed.</returns>
    public PresenceDiff Apply(NodeId node, PresenceDiff diff, long now)
    {
        var members = MembersOf(node, now);
        var effective = members.State.Apply(diff);
        ForgetIfEmpty(node, members);
        return effective;
    }

    /// <summary>Replaces all members of a node.</summary>
    /// <returns>What it changed.</returns>
    public PresenceDiff Replace(NodeId node, IReadOnlyList<PresenceMeta> metas, long now)
    {
        var members = MembersOf(node, now);
        members.RenewedAt = now;
        var effective = members.State.Apply(members.State.DiffTo(metas));
        ForgetIfEmpty(node, members);
        return effective;
    }

    /// <summary>Everybody who is here.</summary>
    public PresenceSnapshot Read(long now) =>
        new([.. _nodes.Select(node => new NodePresence(node.Key, [.. node.Value.State.Metas]))], now >= completeFrom);

    /// <summary>Keeps a node's members and compares what it knows with what is here.</summary>
    public PresenceMismatch Renew(NodeId node, PresenceRenewal renewal, long now)
    {
        var own = default(PresenceDigest);
        if (_nodes.TryGetValue(node, out var members))
        {
            members.RenewedAt = now;
            own = members.State.Digest;
        }

        // Until every node has spoken, only what a node says about itself counts.
        return new PresenceMismatch(renewal.Topic, own != renewal.Own, now >= completeFrom && Digest() != renewal.All);
    }

    /// <summary>Removes nodes that have not renewed since a moment.</summary>
    /// <returns>Their members.</returns>
    public IReadOnlyList<NodePresence> RemoveSilent(long before)
    {
        List<NodePresence>? removed = null;
        foreach (var (node, members) in _nodes)
        {
            if (members.RenewedAt < before && _nodes.Remove(node))
            {
                (removed ??= []).Add(new NodePresence(node, [.. members.State.Metas]));
            }
        }

        return removed ?? (IReadOnlyList<NodePresence>)[];
    }

    private PresenceDigest Digest() =>
        _nodes.Values.Aggregate(default(PresenceDigest), (digest, members) => digest.And(members.State.Digest));

    private NodeMembers MembersOf(NodeId node, long now)
    {
        if (!_nodes.TryGetValue(node, out var members))
        {
            _nodes.Add(node, members = new NodeMembers { RenewedAt = now });
        }

        return members;
    }

    private void ForgetIfEmpty(NodeId node, NodeMembers members)
    {
        if (members.State.Count == 0)
        {
            _nodes.Remove(node);
        }
    }

    private sealed class NodeMembers
    {
        public PresenceState State { get; } = new();

        public long RenewedAt { get; set; }
    }
}
