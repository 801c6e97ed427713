using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;

namespace Realtime.Postgres.TenantSchema;

/// <summary>The schema of a tenant's database could not be brought up to date; nothing of the attempt has stayed.</summary>
public sealed class TenantMigrationException(TenantId tenant, string migration, string reason, Exception? innerException = null)
    : TenantDatabaseUnavailableException(tenant, $"migration {migration} failed: {reason}", innerException)
{
    /// <summary>The step that failed.</summary>
    public string Migration { get; } = migration;
}
