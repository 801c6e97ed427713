using System.Collections.Concurrent;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Tenants;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Fanout;

/// <summary>The tenants that have sessions on this node.</summary>
internal sealed class TenantHubs
{
    private readonly ConcurrentDictionary<TenantId, TenantHub> _hubs = new();

    /// <summary>The hub of a tenant with sessions here, else null.</summary>
    public TenantHub? Find(TenantId tenant) => _hubs.GetValueOrDefault(tenant);

    /// <summary>All hubs at this moment.</summary>
    public IEnumerable<TenantHub> All => _hubs.Values;

    /// <summary>Number of sessions on this node, for the drain.</summary>
    public int SessionCount => _hubs.Values.Sum(hub => hub.Sessions().Length);

    /// <summary>Enters a session into its tenant's hub, which also gets the newest settings.</summary>
    public TenantHub Enter(SocketSession session, TenantModel model)
    {
        while (true)
        {
            var hub = _hubs.GetOrAdd(model.Config.Id, static (_, model) => new TenantHub(model), model);
            if (hub.TryAdd(session))
            {
                hub.Model = model;
                return hub;
            }

            _hubs.TryRemove(new(model.Config.Id, hub));
        }
    }

    /// <summary>Takes a session out.</summary>
    /// <returns><see langword="true"/> when the tenant has no session here any more.</returns>
    public bool Exit(SocketSession session, TenantHub hub) =>
        hub.Remove(session) && _hubs.TryRemove(new(hub.Tenant, hub));
}
