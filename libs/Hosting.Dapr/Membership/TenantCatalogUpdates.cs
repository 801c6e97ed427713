using Microsoft.Extensions.Hosting;
using Realtime.Contracts.Nodes;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>Drops what this process has cached of a tenant when it changes; for services that do not follow the bus themselves.</summary>
internal sealed class TenantCatalogUpdates(INodeBus bus, TenantCatalog catalog, TenantRateBook rates) : INodeSink, IHostedService
{
    private IDisposable? _subscription;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = bus.Subscribe(NodeId.New("catalog"), this);
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
        if (message is TenantChanged changed)
        {
            catalog.Invalidate(changed.Tenant);
            rates.Reset(changed.Tenant, changed.Changes);
        }
    }
}
