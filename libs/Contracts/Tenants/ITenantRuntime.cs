namespace Realtime.Contracts.Tenants;

/// <summary>What runs for a tenant's own database, anywhere in the cluster.</summary>
public interface ITenantRuntime
{
    /// <summary>What is connected right now. Never opens a connection to the tenant's database.</summary>
    ValueTask<TenantRuntimeStatus> GetStatusAsync(TenantConfig tenant, CancellationToken cancellationToken);

    /// <summary>Stops the tenant's database connections; they start again on demand. Succeeds when nothing runs.</summary>
    ValueTask StopDatabaseAsync(TenantId tenant, CancellationToken cancellationToken);

    /// <summary>
    /// Drops every replication slot of the tenant's database whose name contains <c>realtime</c>, after ending the session that uses it.
    /// Does nothing for a tenant without a database. Throws when the database cannot be reached or refuses; operators get to read the
    /// message, so it is free of secrets.
    /// </summary>
    ValueTask DropReplicationSlotsAsync(TenantConfig tenant, CancellationToken cancellationToken);
}

/// <summary>What is connected for a tenant, cluster-wide (http-api.md 7.12).</summary>
/// <param name="DatabaseConnected">Some node holds a ready connection to the tenant's database.</param>
/// <param name="ReplicationConnected">Broadcasts sent from that database are being streamed.</param>
public readonly record struct TenantRuntimeStatus(bool DatabaseConnected, bool ReplicationConnected);
