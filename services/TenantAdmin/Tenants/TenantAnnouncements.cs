using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>Tells all nodes that a tenant changed (http-api.md 7.13).</summary>
internal sealed partial class TenantAnnouncements(INodeBus bus, ILogger<TenantAnnouncements> logger)
{
    /// <summary>This process, as origin on the bus and in answers about health.</summary>
    public NodeId Node { get; } = NodeId.New("tenant-admin");

    /// <summary>Hands the news to the bus; does not wait for anybody to act on it.</summary>
    public void Announce(TenantId tenant, TenantChanges changes)
    {
        if (changes.HasFlag(TenantChanges.Disconnect))
        {
            Log.Disconnecting(logger, tenant);
        }

        bus.Publish(Node, new TenantChanged(tenant, changes));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Disconnecting all sockets for tenant {Tenant}")]
        public static partial void Disconnecting(ILogger logger, TenantId tenant);
    }
}
