using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Protocol.Presence;

namespace Realtime.Hosting.InProcess;

/// <summary>Stands in where no service merges the presences of several nodes: each node knows its own members only.</summary>
public sealed class UnavailablePresenceDirectory : IPresenceDirectory
{
    /// <inheritdoc/>
    public void Publish(NodeId node, PresenceTopic topic, PresenceDiff diff)
    {
    }

    /// <inheritdoc/>
    public void Replace(NodeId node, PresenceTopic topic, IReadOnlyList<PresenceMeta> members)
    {
    }

    /// <inheritdoc/>
    public ValueTask<PresenceSnapshot> ReadAsync(PresenceTopic topic, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new PresenceSnapshot([], IsComplete: false));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PresenceMismatch>> RenewAsync(
        NodeId node, IReadOnlyList<PresenceRenewal> renewals, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<PresenceMismatch>>([]);
}
