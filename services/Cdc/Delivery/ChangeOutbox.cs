using System.Collections.Immutable;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Cdc.Delivery;

/// <summary>Publishes what a feed has for the nodes: changes within the tenant's rate, and notices.</summary>
/// <param name="tenant">Whose feed it is.</param>
/// <param name="node">The feed's own node.</param>
/// <param name="bus">Takes the messages.</param>
/// <param name="tryCount">Counts events and says whether they may pass (protocol.md 8.3).</param>
internal sealed class ChangeOutbox(TenantId tenant, NodeId node, INodeBus bus, Func<int, bool> tryCount)
{
    /// <summary>Bytes after which a message ends and the next begins.</summary>
    private const int MaxMessageBytes = 1_048_576;

    private readonly ImmutableArray<PublishedChange>.Builder _changes = ImmutableArray.CreateBuilder<PublishedChange>();
    private int _bytes;

    /// <summary>Adds a change; sent with <see cref="Flush"/> or when enough has come together. Dropped while the tenant is over its rate.</summary>
    public void Add(PublishedChange change)
    {
        if (!tryCount(change.Audience.IdCount))
        {
            return;
        }

        _changes.Add(change);
        _bytes += change.Data.Length;
        if (_bytes >= MaxMessageBytes)
        {
            Flush();
        }
    }

    /// <summary>Sends what was added.</summary>
    public void Flush()
    {
        if (_changes.Count > 0)
        {
            bus.Publish(node, new ChangesPublished(tenant, _changes.DrainToImmutable()));
            _bytes = 0;
        }
    }

    /// <summary>Tells subscribers something.</summary>
    public void Notify(ImmutableArray<ChangeSubscriberId> subscribers, bool isError, string message)
    {
        if (!subscribers.IsEmpty)
        {
            bus.Publish(node, new ChangeFeedNotice(tenant, subscribers, isError, message));
        }
    }

    /// <summary>Sends a broadcast at once, ahead of changes that wait for an answer of the database.</summary>
    public void Broadcast(BroadcastPublished broadcast) => bus.Publish(node, broadcast);
}
