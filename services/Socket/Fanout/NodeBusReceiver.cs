using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Protocol.WebSockets;
using Realtime.Socket.Changes;

namespace Realtime.Socket.Fanout;

/// <summary>Does on this node what other nodes say: deliver their broadcasts, follow changes of tenants.</summary>
internal sealed partial class NodeBusReceiver(
    SocketNode node,
    TenantCatalog catalog,
    TenantRateBook rates,
    ChangeFanout changeFanout,
    INodeBus bus,
    ILogger<NodeBusReceiver> logger) : INodeSink, IHostedService
{
    private IDisposable? _subscription;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = bus.Subscribe(node.Id, this);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Receive(NodeMessage message)
    {
        switch (message)
        {
            case BroadcastPublished broadcast:
                Deliver(broadcast);
                break;
            case PresenceChanged presence:
                node.Presence.Receive(presence);
                break;
            case ChangesPublished changes:
                changeFanout.Deliver(changes);
                break;
            case ChangeFeedNotice notice:
                changeFanout.Notify(notice);
                break;
            case TenantChanged changed:
                Follow(changed);
                break;
        }
    }

    private void Deliver(BroadcastPublished broadcast)
    {
        // Who hosts nobody of the tenant does nothing.
        if (node.Hubs.Find(broadcast.Tenant) is { } hub && hub.Find(broadcast.Channel) is { } group)
        {
            node.Fanout.Deliver(hub, group, broadcast.Message, sender: null);
        }
    }

    private void Follow(TenantChanged changed)
    {
        catalog.Invalidate(changed.Tenant);
        rates.Reset(changed.Tenant, changed.Changes);
        if (node.Hubs.Find(changed.Tenant) is not { } hub)
        {
            return;
        }

        if (changed.Changes.HasFlag(TenantChanges.Disconnect))
        {
            Disconnect(hub);
        }
        else
        {
            _ = RefreshAsync(hub);
        }
    }

    // protocol.md 1.8: a system message for each channel, then 1012.
    private void Disconnect(TenantHub hub)
    {
        Log.Disconnecting(logger, hub.Tenant);
        foreach (var session in hub.Sessions())
        {
            session.Channels.AnnounceDisconnect();
            session.Close(CloseCode.ServiceRestart);
        }
    }

    // Quotas apply to sockets that are open already; a store that does not answer is asked again at the next join.
    private async Task RefreshAsync(TenantHub hub)
    {
        try
        {
            if (await catalog.FindAsync(hub.Tenant, node.Stopping) is { } model)
            {
                hub.Model = model;
            }
        }
        catch (Exception exception) when (exception is TenantStoreUnavailableException or OperationCanceledException)
        {
            Log.NotRefreshed(logger, hub.Tenant, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Disconnecting all sockets for tenant {Tenant}")]
        public static partial void Disconnecting(ILogger logger, TenantId tenant);

        [LoggerMessage(2, LogLevel.Warning, "The settings of {Tenant} could not be read again: {Reason}")]
        public static partial void NotRefreshed(ILogger logger, TenantId tenant, string reason);
    }
}
