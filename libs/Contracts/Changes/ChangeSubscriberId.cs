using Realtime.Contracts.Nodes;

namespace Realtime.Contracts.Changes;

/// <summary>One joined channel that has change subscriptions; a rejoin is another one.</summary>
/// <param name="Node">The node of its socket.</param>
/// <param name="Number">Unique on that node for as long as it runs.</param>
public readonly record struct ChangeSubscriberId(NodeId Node, long Number)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Node}/{Number}";
}
