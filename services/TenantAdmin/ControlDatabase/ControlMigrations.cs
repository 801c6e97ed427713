using Npgsql;

namespace Realtime.TenantAdmin.ControlDatabase;

/// <summary>Brings the control database to the state of <see cref="ControlSchema"/>, whoever made it.</summary>
/// <remarks>
/// One transaction under an advisory lock: any number of processes may start at once, and a failure leaves nothing half done. A database
/// with every known version, or with newer ones besides, is left alone. The reference server finds all its versions recorded and can take
/// the database back.
/// </remarks>
internal sealed partial class ControlMigrations(
    ControlConnections connections, TimeProvider time, ILogger<ControlMigrations> logger)
{
    private const long LockKey = 0x5265616C74696D65; // "Realtime"

    // How long a start waits for the ones before it.
    private const int LockTimeoutSeconds = 60;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    /// <summary>Applies what is missing; a server that is still starting is asked again for up to 60 seconds.</summary>
    /// <returns>How many versions were missing.</returns>
    /// <exception cref="ControlDatabaseUnavailableException">It cannot be reached, or refused; the message says what to check.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            try
            {
                var applied = await connections.InTransactionAsync(ApplyMissingAsync, cancellationToken);
                Log.Applied(logger, applied);
                return applied;
            }
            catch (Exception e) when (ControlDatabaseFailure.IsStarting(e) && time.GetElapsedTime(started) < StartLimit)
            {
                Log.Waiting(logger, connections.Description, ControlDatabaseFailure.Reason(e));
                await Task.Delay(pause, time, cancellationToken);
            }
            catch (Exception e) when (ControlDatabaseFailure.IsFailure(e))
            {
                throw new ControlDatabaseUnavailableException(connections.Description, e);
            }
        }
    }

    private async ValueTask<int> ApplyMissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await LockAsync(connection, cancellationToken);
        await CreateSchemaIfMissingAsync(connection, cancellationToken);
        await ExecuteAsync(connection, ControlSchema.CreateVersionTable, cancellationToken);
        // The lock that the reference server's own migrations take.
        await ExecuteAsync(connection, "lock table schema_migrations in share update exclusive mode", cancellationToken);

        var recorded = await ReadVersionsAsync(connection, cancellationToken);
        var missing = ControlSchema.Versions.Where(version => !recorded.Contains(version)).ToList();
        if (missing.Count == 0)
        {
            return 0;
        }

        await ExecuteAsync(connection, ControlSchema.Converge, cancellationToken);
        foreach (var (version, sql) in ControlSchema.DataSteps)
        {
            if (!recorded.Contains(version))
            {
                await ExecuteAsync(connection, sql, cancellationToken);
            }
        }

        await RecordAsync(connection, missing, cancellationToken);
        return missing.Count;
    }

    private static async Task LockAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection) { CommandTimeout = LockTimeoutSeconds };
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = LockKey });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // Creating it unasked would need a right on the database that a role with an existing schema may lack.
    private static async Task CreateSchemaIfMissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // Null when the first schema that exists is there already.
        await using var missing = new NpgsqlCommand("select case when current_schema() is null then current_setting('search_path') end", connection);
        if (await missing.ExecuteScalarAsync(cancellationToken) is string searchPath)
        {
            await using var create = new NpgsqlCommand($"create schema if not exists {Quote(FirstSchema(searchPath))}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string FirstSchema(string searchPath) =>
        searchPath.Split(',', StringSplitOptions.TrimEntries)
            .Select(part => part.Length > 1 && part[0] == '"' ? part[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : part)
            .FirstOrDefault(name => name is not ("" or "$user")) ?? "_realtime";

    private static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static async Task<HashSet<long>> ReadVersionsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select version from schema_migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var versions = new HashSet<long>();
        while (await reader.ReadAsync(cancellationToken))
        {
            versions.Add(reader.GetInt64(0));
        }

        return versions;
    }

    private async Task RecordAsync(NpgsqlConnection connection, List<long> versions, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "insert into schema_migrations (version, inserted_at) select v, $2 from unnest($1) with ordinality as t (v, n) order by n", connection);
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. versions] });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = ControlClock.Now(time) });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The control database is up to date; {Count} migrations were missing.")]
        public static partial void Applied(ILogger logger, int count);

        [LoggerMessage(2, LogLevel.Warning, "Waiting for the control database ({Database}): {Reason}.")]
        public static partial void Waiting(ILogger logger, string database, string reason);
    }
}
