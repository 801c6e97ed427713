using Realtime.Contracts.Nodes;
using Realtime.Protocol.Presence;

namespace Realtime.Contracts.Presence;

/// <summary>Who is present on a topic at one moment.</summary>
/// <param name="Nodes">The members of each node that has some.</param>
/// <param name="IsComplete">
/// <see langword="false"/> while a directory that just started has not heard of every node yet: who is missing here may be present all the same.
/// </param>
public sealed record PresenceSnapshot(IReadOnlyList<NodePresence> Nodes, bool IsComplete)
{
    /// <summary>All members of all nodes.</summary>
    public IEnumerable<PresenceMeta> Metas => Nodes.SelectMany(node => node.Metas);
}

/// <summary>The members that one node has on a topic.</summary>
public sealed record NodePresence(NodeId Node, IReadOnlyList<PresenceMeta> Metas);
