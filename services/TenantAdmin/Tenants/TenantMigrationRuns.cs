using NpgsqlTypes;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.ControlDatabase;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>Runs the migrations of tenants' own databases and records how many are applied.</summary>
internal sealed partial class TenantMigrationRuns(
    ControlConnections connections, TenantConfigReader reader, ITenantMigrations migrations, TimeProvider time, ILogger<TenantMigrationRuns> logger)
    : TenantWorkQueue(logger)
{
    /// <summary>Longest run that a caller waits for.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(50);

    /// <summary>Whether all migrations are known to be applied.</summary>
    public bool IsCurrent(StoredTenant stored) => stored.MigrationsRan >= migrations.Count;

    /// <summary>Starts a run in the background unless one waits already.</summary>
    public void Start(StoredTenant stored) => TryEnqueue(new TenantId(stored.ExternalId));

    /// <summary>Runs them now, for <see cref="Deadline"/> at most.</summary>
    /// <returns>Null after success, else why it failed, in words for an operator and free of secrets.</returns>
    public async Task<string?> RunAsync(StoredTenant stored, CancellationToken cancellationToken)
    {
        var tenant = new TenantId(stored.ExternalId);
        try
        {
            var config = reader.Read(stored);
            if (config.Database is null)
            {
                return "it has no postgres_cdc_rls extension that says where its database is";
            }

            using var deadline = new CancellationTokenSource(Deadline, time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            var applied = await migrations.RunAsync(config, limit.Token);
            await RecordAsync(stored, applied, cancellationToken);
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, null, tenant, "no answer in time");
            return $"no answer within {Deadline.TotalSeconds:0} seconds";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var reason = ControlDatabaseFailure.Reason(e);
            Log.Failed(logger, e, tenant, reason);
            return reason;
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        StoredTenant? stored;
        await using (var connection = await connections.OpenAsync(cancellationToken))
        {
            stored = await TenantRows.FindAsync(connection, tenant.Value, cancellationToken);
        }

        if (stored is { Suspend: not true } && !IsCurrent(stored))
        {
            await RunAsync(stored, cancellationToken);
        }
    }

    private async Task RecordAsync(StoredTenant stored, int applied, CancellationToken cancellationToken)
    {
        if (stored.MigrationsRan != applied)
        {
            await using var connection = await connections.OpenAsync(cancellationToken);
            await TenantRows.UpdateAsync(
                connection,
                stored.Id,
                [new("migrations_ran", NpgsqlDbType.Integer, applied), new("updated_at", NpgsqlDbType.Timestamp, ControlClock.Now(time))],
                cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(11, LogLevel.Error, "MigrationsFailedToRun: the database of tenant {Tenant} could not be migrated: {Reason}.")]
        public static partial void Failed(ILogger logger, Exception? exception, TenantId tenant, string reason);
    }
}
