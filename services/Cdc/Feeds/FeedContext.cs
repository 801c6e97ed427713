using Microsoft.Extensions.Logging;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Cdc.Feeds;

/// <summary>What all feeds of a process share.</summary>
/// <param name="Node">The node as which feeds publish.</param>
/// <param name="Bus">Where they publish.</param>
/// <param name="Tenants">The tenants' settings.</param>
/// <param name="Databases">Pools, for checks of subscriptions.</param>
/// <param name="Preparation">Sets up the schema that broadcasts need.</param>
/// <param name="Rates">The tenants' rates.</param>
/// <param name="Settings">Waits and bounds.</param>
/// <param name="Time">Clock.</param>
/// <param name="Logger">Log.</param>
internal sealed record FeedContext(
    NodeId Node, INodeBus Bus, TenantCatalog Tenants, TenantDataSources Databases, TenantPreparation Preparation, TenantRateBook Rates,
    FeedSettings Settings, TimeProvider Time, ILogger Logger)
{
    /// <summary>Name of the tenant's slot (tenant-database.md 5.2).</summary>
    public string SlotNameOf(TenantDatabase database) =>
        Settings.SlotNameSuffix is { } suffix ? $"{database.SlotName}_{suffix}" : database.SlotName;
}
