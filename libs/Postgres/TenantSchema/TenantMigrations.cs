using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;

namespace Realtime.Postgres.TenantSchema;

/// <summary>Gives a tenant's database the <c>realtime</c> schema: on a plain PostgreSQL, a platform image, or one of the reference server.</summary>
/// <remarks>
/// What has been applied is kept in <c>realtime.tenant_migrations</c>. The reference server's <c>realtime.schema_migrations</c> is
/// only read: a database that has all of its versions is complete and is not written to at all; one with fewer gets the same
/// steps as an empty one, which keep what is there. All steps are one transaction under an advisory lock.
/// </remarks>
public sealed partial class TenantMigrations(TenantDataSources connections, TimeProvider time, ILogger<TenantMigrations> logger) : ITenantMigrations
{
    /// <summary>Versions of the reference server's final schema (tenant-database.md section 11).</summary>
    public const int ReferenceVersions = 81;

    /// <summary>Key of the advisory lock under which the schema of a database is changed.</summary>
    internal const long LockKey = 0x7265616C74696D65; // "realtime"

    private const int MaxAttempts = 5;
    private static readonly TimeSpan RunTimeout = TimeSpan.FromSeconds(50);

    // A lock that somebody holds for long, or a step that hangs, must not hold up the tenant for ever.
    private const string Begin = "begin; set local statement_timeout = '30s'; set local lock_timeout = '20s'; set local client_min_messages = warning;";

    private const string Bookkeeping = """
        create table if not exists realtime.tenant_migrations (
          name text primary key,
          applied_at timestamp with time zone not null default now()
        );
        """;

    /// <inheritdoc/>
    public int Count => TenantMigration.All.Count;

    /// <inheritdoc/>
    /// <exception cref="TenantDatabaseUnavailableException">The database cannot be used, or a step failed (<see cref="TenantMigrationException"/>).</exception>
    public async ValueTask<int> RunAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RunTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await using var lease = await connections.OpenAsync(tenant, TenantConnectionPurpose.Migrations, both.Token);
            lease.Connection.Notice += (_, notice) => Log.Notice(logger, tenant.Id, notice.Notice.MessageText);
            if (await HasReferenceSchemaAsync(lease.Connection, both.Token))
            {
                return Count;
            }

            await RunWithRetriesAsync(tenant, lease.Connection, both.Token);
            return Count;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TenantMigrationException(tenant.Id, "run", $"not finished after {RunTimeout.TotalSeconds:0} s", exception);
        }
        catch (NpgsqlException exception) when (exception is not PostgresException)
        {
            throw new TenantDatabaseUnavailableException(tenant.Id, exception.Message, exception);
        }
    }

    private static async Task<bool> HasReferenceSchemaAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("select to_regclass('realtime.schema_migrations') is not null", connection);
        if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken))!)
        {
            return false;
        }

        await using var versions = new NpgsqlCommand("select count(*) from realtime.schema_migrations", connection);
        return (long)(await versions.ExecuteScalarAsync(cancellationToken))! >= ReferenceVersions;
    }

    // Roles belong to the whole server: two databases of one server that are migrated at once can collide on them.
    private async Task RunWithRetriesAsync(TenantConfig tenant, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await RunOnceAsync(tenant, connection, cancellationToken);
                return;
            }
            catch (TenantMigrationException exception) when (attempt < MaxAttempts && exception.InnerException is PostgresException
            {
                SqlState: PostgresErrorCodes.InternalError or PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateObject
                    or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure,
            })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(20, 100 * attempt)), time, cancellationToken);
            }
        }
    }

    private async Task RunOnceAsync(TenantConfig tenant, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var step = "0000-schema";
        try
        {
            await ExecuteAsync(connection, Begin, cancellationToken);
            await ExecuteAsync(connection, $"select pg_advisory_xact_lock({LockKey})", cancellationToken);
            await EnsureSchemaAsync(tenant.Id, connection, cancellationToken);
            var applied = await ReadAppliedAsync(connection, cancellationToken);
            var missing = TenantMigration.All.Where(m => !applied.Contains(m.Name)).ToList();
            foreach (var migration in missing)
            {
                step = migration.Name;
                await ExecuteAsync(connection, migration.Sql, cancellationToken);
                await RecordAsync(connection, migration, cancellationToken);
            }

            await ExecuteAsync(connection, "commit", cancellationToken);
            if (missing.Count > 0)
            {
                Log.Migrated(logger, tenant.Id, missing.Count);
            }
        }
        catch (PostgresException exception)
        {
            await ExecuteAsync(connection, "rollback", cancellationToken);
            var reason = exception.SqlState == PostgresErrorCodes.InsufficientPrivilege
                ? $"{exception.MessageText}. Role \"{tenant.Database!.User}\" lacks this privilege; grant it, or log in as a superuser"
                : exception.MessageText;
            Log.Failed(logger, tenant.Id, step, reason);
            throw new TenantMigrationException(tenant.Id, step, reason, exception);
        }
    }

    // "create schema if not exists" asks for the privilege even when there is nothing to create.
    private async Task EnsureSchemaAsync(TenantId tenant, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var query = new NpgsqlCommand("""
            select to_regnamespace('realtime') is not null, to_regclass('realtime.tenant_migrations') is not null,
              has_database_privilege(current_database(), 'create'), current_user, current_database()
            """, connection);
        await using var reader = await query.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (hasSchema, hasBookkeeping, mayCreate) = (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2));
        var (user, database) = (reader.GetString(3), reader.GetString(4));
        await reader.DisposeAsync();

        if (!hasSchema)
        {
            if (!mayCreate)
            {
                var reason = $"role \"{user}\" needs the privilege CREATE on database \"{database}\" to create schema \"realtime\"";
                await ExecuteAsync(connection, "rollback", cancellationToken);
                Log.Failed(logger, tenant, "0000-schema", reason);
                throw new TenantMigrationException(tenant, "0000-schema", reason);
            }

            await ExecuteAsync(connection, "create schema realtime", cancellationToken);
        }

        if (!hasBookkeeping)
        {
            await ExecuteAsync(connection, Bookkeeping, cancellationToken);
        }
    }

    private static async Task<HashSet<string>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select name from realtime.tenant_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        HashSet<string> names = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            names.Add(reader.GetString(0));
        }

        return names;
    }

    private static async Task RecordAsync(NpgsqlConnection connection, TenantMigration migration, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("insert into realtime.tenant_migrations (name) values ($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)RunTimeout.TotalSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The schema of {Tenant} got {Count} migrations.")]
        public static partial void Migrated(ILogger logger, TenantId tenant, int count);

        [LoggerMessage(2, LogLevel.Error, "MigrationsFailedToRun: {Tenant}: {Migration}: {Reason}")]
        public static partial void Failed(ILogger logger, TenantId tenant, string migration, string reason);

        [LoggerMessage(3, LogLevel.Warning, "While setting up the schema of {Tenant}: {Notice}")]
        public static partial void Notice(ILogger logger, TenantId tenant, string notice);
    }
}
