using System.Text.Json;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.ControlDatabase;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>What became of a request to write a tenant.</summary>
/// <param name="Write">What was written.</param>
/// <param name="MigrationFailure">Why the database of a new tenant could not be migrated; null when it was.</param>
internal sealed record TenantWriteOutcome(TenantWrite Write, string? MigrationFailure = null);

/// <summary>What operators do with tenants, and what that sets off elsewhere (http-api.md section 7).</summary>
internal sealed partial class TenantRegistry(
    ControlConnections connections,
    TenantWriter writer,
    TenantConfigReader reader,
    TenantMigrationRuns migrations,
    TenantAnnouncements announcements,
    ITenantRuntime runtime,
    TimeProvider time,
    ILogger<TenantRegistry> logger)
{
    // What runs for a tenant gets this long to stop; its slots this long to be dropped.
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DropDeadline = TimeSpan.FromSeconds(20);

    /// <summary>All tenants, newest first.</summary>
    public async ValueTask<IReadOnlyList<StoredTenant>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        return await TenantRows.ListAsync(connection, cancellationToken);
    }

    /// <returns>The tenant, or null when there is none of that name.</returns>
    public async ValueTask<StoredTenant?> FindAsync(string externalId, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        return await TenantRows.FindAsync(connection, externalId, cancellationToken);
    }

    /// <summary>Updates or creates a tenant. A new one's database is migrated before this returns; the row stays if that fails.</summary>
    public async ValueTask<TenantWriteOutcome> WriteAsync(string externalId, JsonElement tenant, CancellationToken cancellationToken)
    {
        var write = await writer.WriteAsync(externalId, tenant, cancellationToken);
        switch (write)
        {
            case TenantWrite.Updated { Changes: { } changes }:
                announcements.Announce(new TenantId(externalId), changes);
                return new TenantWriteOutcome(write);
            case TenantWrite.Created { Tenant: var created }:
                announcements.Announce(new TenantId(externalId), TenantChanges.None);
                // A suspended tenant gets no connection; its migrations run when it is first used. A caller who leaves changes nothing.
                return created.Suspend == true
                    ? new TenantWriteOutcome(write)
                    : new TenantWriteOutcome(write, await migrations.RunAsync(created, CancellationToken.None));
            default:
                return new TenantWriteOutcome(write);
        }
    }

    /// <summary>Disconnects, forgets and cleans up after a tenant; does nothing for an unknown one.</summary>
    /// <returns>Null after success, else what was left undone after the row was deleted, free of secrets.</returns>
    public async ValueTask<string?> DeleteAsync(string externalId, CancellationToken cancellationToken)
    {
        if (await FindAsync(externalId, cancellationToken) is not { } stored)
        {
            return null;
        }

        var tenant = new TenantId(externalId);
        announcements.Announce(tenant, TenantChanges.Disconnect);
        await using (var connection = await connections.OpenAsync(cancellationToken))
        {
            await TenantRows.DeleteAsync(connection, stored.Id, cancellationToken);
        }

        // Again, for those who came back, or cached the tenant anew, while the row was still there.
        announcements.Announce(tenant, TenantChanges.Disconnect | TenantChanges.RestartDatabase);
        return await CleanUpAsync(tenant, stored);
    }

    /// <summary>Closes the tenant's sockets and stops what runs for its database.</summary>
    public async ValueTask ReloadAsync(StoredTenant stored)
    {
        var tenant = new TenantId(stored.ExternalId);
        announcements.Announce(tenant, TenantChanges.Disconnect | TenantChanges.RestartDatabase);
        await StopDatabaseAsync(tenant);
    }

    /// <summary>Stops what runs for the tenant's database; sockets stay.</summary>
    public ValueTask<string?> ShutdownAsync(StoredTenant stored) => StopDatabaseAsync(new TenantId(stored.ExternalId));

    // Not cancelled with the request: the row is gone, and nobody would come back for the slots.
    private async ValueTask<string?> CleanUpAsync(TenantId tenant, StoredTenant stored)
    {
        var failure = await StopDatabaseAsync(tenant);
        try
        {
            using var deadline = new CancellationTokenSource(DropDeadline, time);
            await runtime.DropReplicationSlotsAsync(reader.Read(stored), deadline.Token);
        }
        catch (Exception e)
        {
            var reason = e is OperationCanceledException ? "no answer in time" : ControlDatabaseFailure.Reason(e);
            failure = $"its replication slots could not be dropped: {reason}";
            Log.DeleteFailed(logger, e, tenant, failure);
        }

        return failure;
    }

    private async ValueTask<string?> StopDatabaseAsync(TenantId tenant)
    {
        try
        {
            using var deadline = new CancellationTokenSource(StopDeadline, time);
            await runtime.StopDatabaseAsync(tenant, deadline.Token);
            return null;
        }
        catch (Exception e)
        {
            Log.StopFailed(logger, e, tenant);
            return "its database connections could not be stopped";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "UnableToDeleteTenant: tenant {Tenant} was deleted, but {Failure}.")]
        public static partial void DeleteFailed(ILogger logger, Exception exception, TenantId tenant, string failure);

        [LoggerMessage(2, LogLevel.Warning, "The database connections of tenant {Tenant} did not stop in time.")]
        public static partial void StopFailed(ILogger logger, Exception exception, TenantId tenant);
    }
}
