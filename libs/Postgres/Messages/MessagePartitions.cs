using System.Globalization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Postgres.Messages;

/// <summary>Keeps the day partitions of <c>realtime.messages</c>: yesterday to three days ahead exist, those past 72 hours go (tenant-database.md 9.1 to 9.3).</summary>
public sealed partial class MessagePartitions(TenantDataSources connections, TimeProvider time, ILogger<MessagePartitions> logger)
{
    private const int DaysBack = 1;
    private const int DaysAhead = 3;
    private const string NameFormat = "'messages_'yyyy_MM_dd";
    private static readonly TimeSpan Retention = TimeSpan.FromHours(72);

    // Creating and dropping lock the table against everybody. Whoever waits for that lock blocks all that come later, so not for long.
    private const string Begin = "begin; set local statement_timeout = '10s'; set local lock_timeout = '2s'; set local client_min_messages = error;";

    /// <summary>Drops the old partitions and creates the missing ones. Safe to repeat, and to run on several nodes at once.</summary>
    /// <returns>How many were created and dropped. A partition that could not be is logged and left to the next run.</returns>
    /// <exception cref="TenantDatabaseUnavailableException">The database cannot be used, or has no partitioned <c>realtime.messages</c>.</exception>
    public async Task<(int Created, int Dropped)> MaintainAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        try
        {
            await using var lease = await connections.OpenAsync(tenant, TenantConnectionPurpose.Maintenance, cancellationToken);
            var present = await ReadAsync(lease.Connection, cancellationToken);
            var dropped = await DropOldAsync(tenant.Id, lease.Connection, present, cancellationToken);
            var created = await CreateMissingAsync(tenant.Id, lease.Connection, present, cancellationToken);
            return (created, dropped);
        }
        catch (NpgsqlException exception)
        {
            Log.MaintenanceFailed(logger, tenant.Id, exception.Message);
            throw new TenantDatabaseUnavailableException(tenant.Id, exception.Message, exception);
        }
    }

    /// <summary>Creates the missing partitions only.</summary>
    /// <returns>How many were created.</returns>
    /// <exception cref="TenantDatabaseUnavailableException">The database cannot be used, or has no partitioned <c>realtime.messages</c>.</exception>
    public async Task<int> CreateAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        try
        {
            await using var lease = await connections.OpenAsync(tenant, TenantConnectionPurpose.Maintenance, cancellationToken);
            var present = await ReadAsync(lease.Connection, cancellationToken);
            return await CreateMissingAsync(tenant.Id, lease.Connection, present, cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            Log.CreationFailed(logger, tenant.Id, "all", exception.Message);
            throw new TenantDatabaseUnavailableException(tenant.Id, exception.Message, exception);
        }
    }

    private async Task<int> DropOldAsync(
        TenantId tenant, NpgsqlConnection connection, HashSet<string> present, CancellationToken cancellationToken)
    {
        var oldest = DateOnly.FromDateTime((time.GetUtcNow() - Retention).UtcDateTime);
        var dropped = 0;
        foreach (var name in present)
        {
            if (DateOnly.TryParseExact(name, NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date < oldest)
            {
                var sql = $"drop table if exists realtime.\"{name}\"";
                dropped += await TryAsync(tenant, name, connection, sql, cancellationToken) ? 1 : 0;
            }
        }

        return dropped;
    }

    private async Task<int> CreateMissingAsync(
        TenantId tenant, NpgsqlConnection connection, HashSet<string> present, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var created = 0;
        for (var day = -DaysBack; day <= DaysAhead; day++)
        {
            var date = today.AddDays(day);
            var name = date.ToString(NameFormat, CultureInfo.InvariantCulture);
            if (!present.Contains(name))
            {
                var sql = string.Create(CultureInfo.InvariantCulture, $"""
                    create table if not exists realtime."{name}" partition of realtime.messages
                      for values from ('{date:yyyy-MM-dd}') to ('{date.AddDays(1):yyyy-MM-dd}');
                    do $owner$
                    begin
                      if exists (select from pg_catalog.pg_roles where rolname = 'supabase_realtime_admin') then
                        alter table realtime."{name}" owner to supabase_realtime_admin;
                      end if;
                    end
                    $owner$;
                    """);
                created += await TryAsync(tenant, name, connection, sql, cancellationToken) ? 1 : 0;
            }
        }

        return created;
    }

    // One transaction each: what fails for one day must not undo the others.
    private async Task<bool> TryAsync(TenantId tenant, string name, NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(connection, $"{Begin} select pg_advisory_xact_lock({TenantMigrations.LockKey})", cancellationToken);
            await ExecuteAsync(connection, $"{sql}; commit", cancellationToken);
            return true;
        }
        catch (PostgresException exception)
        {
            Log.CreationFailed(logger, tenant, name, exception.MessageText);
            await ExecuteAsync(connection, "rollback", cancellationToken);
            return false;
        }
    }

    /// <summary>Names of the partitions, those that are not ours included.</summary>
    private static async Task<HashSet<string>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("""
            select child.relname::text
            from pg_catalog.pg_inherits
            join pg_catalog.pg_class child on child.oid = inhrelid
            where inhparent = 'realtime.messages'::regclass and child.relnamespace = 'realtime'::regnamespace
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        HashSet<string> names = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "PartitionCreationFailed: {Tenant}: {Partition}: {Reason}")]
        public static partial void CreationFailed(ILogger logger, TenantId tenant, string partition, string reason);

        [LoggerMessage(2, LogLevel.Error, "JanitorFailedToDeleteOldMessages: {Tenant}: {Reason}")]
        public static partial void MaintenanceFailed(ILogger logger, TenantId tenant, string reason);
    }
}
