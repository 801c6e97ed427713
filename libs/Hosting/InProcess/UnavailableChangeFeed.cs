using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.InProcess;

/// <summary>Stands in where no service reads the tenants' databases: subscriptions are answered as if they were unreachable.</summary>
public sealed class UnavailableChangeFeed : IChangeFeed
{
    /// <inheritdoc/>
    public ValueTask<ChangeSubscribeResult> SubscribeAsync(ChangeSubscriber subscriber, CancellationToken cancellationToken) =>
        ValueTask.FromResult(ChangeSubscribeResult.Retry("Realtime was unable to connect to the project database"));

    /// <inheritdoc/>
    public void Release(TenantId tenant, ChangeSubscriberId subscriber)
    {
    }

    /// <inheritdoc/>
    public void ReleaseNode(NodeId node)
    {
    }

    /// <inheritdoc/>
    public void RequestBroadcasts(NodeId node, TenantId tenant)
    {
    }

    /// <inheritdoc/>
    public void ReleaseBroadcasts(NodeId node, TenantId tenant)
    {
    }

    /// <inheritdoc/>
    public ValueTask<bool> AreBroadcastsStreamingAsync(TenantId tenant, CancellationToken cancellationToken) => ValueTask.FromResult(false);
}
