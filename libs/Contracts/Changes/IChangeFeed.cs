using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Changes;

/// <summary>Serves Postgres Changes and broadcasts from the database: one reader of the write-ahead log per tenant.</summary>
/// <remarks>
/// What is read comes back over <see cref="INodeBus"/> as <see cref="ChangesPublished"/>, <see cref="ChangeFeedNotice"/> and
/// <see cref="BroadcastPublished"/>. A registration survives loss of the database and of the replication slot: the feed connects again
/// by itself, checks every subscriber anew and tells each by a notice. Thread-safe.
/// </remarks>
public interface IChangeFeed
{
    /// <summary>Registers all entries of one channel, all or none; replaces what the same subscriber had, which is how new claims arrive.</summary>
    /// <remarks>
    /// Completes when changes that are committed from now on will be delivered, or with the text for the client. A replacement that is
    /// rejected removes the subscriber. Starts the tenant's reader when it is not running.
    /// </remarks>
    ValueTask<ChangeSubscribeResult> SubscribeAsync(ChangeSubscriber subscriber, CancellationToken cancellationToken);

    /// <summary>Forgets a subscriber, known or not. Does not wait; what is on its way already may still arrive.</summary>
    void Release(TenantId tenant, ChangeSubscriberId subscriber);

    /// <summary>Forgets all subscribers of a node and its wish for broadcasts, in every tenant: the node is gone.</summary>
    void ReleaseNode(NodeId node);

    /// <summary>Asks that broadcasts from the tenant's database flow to this node until <see cref="ReleaseBroadcasts"/>. Idempotent, does not wait.</summary>
    void RequestBroadcasts(NodeId node, TenantId tenant);

    /// <summary>Withdraws <see cref="RequestBroadcasts"/>: the node has no channel of the tenant any more. Idempotent.</summary>
    void ReleaseBroadcasts(NodeId node, TenantId tenant);

    /// <summary>Whether broadcasts from the tenant's database are being read now (protocol.md 3.6).</summary>
    ValueTask<bool> AreBroadcastsStreamingAsync(TenantId tenant, CancellationToken cancellationToken);
}
