using Npgsql;

namespace Realtime.Postgres.Replication;

/// <summary>Looks after the slot of a <see cref="WalReader"/> over an ordinary connection, and explains why one cannot be had.</summary>
internal sealed class ReplicationSlots(WalReaderOptions options)
{
    private const string SlotQuery =
        """
        select s.plugin, s.temporary, s.active, s.database = current_database(), s.wal_status,
               pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(s.confirmed_flush_lsn, s.restart_lsn))::bigint
        from pg_catalog.pg_replication_slots s
        where s.slot_name = $1
        """;

    private const string ServerQuery =
        """
        select current_setting('wal_level'), current_user::text,
               current_setting('max_replication_slots')::int, (select count(*) from pg_catalog.pg_replication_slots)::int,
               current_setting('max_wal_senders')::int,
               (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'walsender')::int
        """;

    /// <summary>Removes what is in the way of the slot.</summary>
    /// <returns>Whether a durable slot exists and can be continued.</returns>
    public async Task<bool> PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(cancellationToken);
            if (await FindAsync(connection, cancellationToken) is not { } slot)
            {
                return false;
            }

            if (slot.Active)
            {
                throw new ReplicationUnavailableException(ReplicationFault.SlotInUse,
                    $"replication slot \"{options.SlotName}\" is used by another connection");
            }

            if (slot.Plugin != "pgoutput" || !slot.IsOfThisDatabase)
            {
                throw new ReplicationUnavailableException(ReplicationFault.SlotInUse,
                    $"replication slot \"{options.SlotName}\" exists for another plugin or database; drop it or set another slot_name");
            }

            return await KeepOrDropAsync(connection, slot, cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            throw await ExplainAsync(e, cancellationToken);
        }
    }

    /// <summary>Drops the slot if it exists and nobody uses it: no one will come back for its changes.</summary>
    public async Task DropAsync(CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        if (await FindAsync(connection, cancellationToken) is { Active: false, Plugin: "pgoutput", IsOfThisDatabase: true })
        {
            await DropAsync(connection, cancellationToken);
        }
    }

    /// <summary>What was missing when a stream could not be opened.</summary>
    public async Task<ReplicationUnavailableException> ExplainAsync(Exception failure, CancellationToken cancellationToken)
    {
        if (failure is not PostgresException refusal)
        {
            return Broken(failure);
        }

        switch (refusal.SqlState)
        {
            case PostgresErrorCodes.InsufficientPrivilege:
                var role = new NpgsqlConnectionStringBuilder(options.ConnectionString).Username;
                return new ReplicationUnavailableException(ReplicationFault.ReplicationAttribute,
                    $"role \"{role}\" may not replicate: run ALTER ROLE \"{role}\" REPLICATION ({refusal.MessageText})", failure);
            case PostgresErrorCodes.ObjectInUse:
            case PostgresErrorCodes.DuplicateObject:
                return new ReplicationUnavailableException(ReplicationFault.SlotInUse,
                    $"replication slot \"{options.SlotName}\" is used by another connection", failure);
        }

        return await ExplainBySettingsAsync(refusal, cancellationToken) ?? Broken(failure);
    }

    /// <summary>A connection that ended, or a slot whose log is gone.</summary>
    public static ReplicationUnavailableException Broken(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UndefinedFile or PostgresErrorCodes.ObjectNotInPrerequisiteState } lost =>
            new ReplicationUnavailableException(ReplicationFault.SlotLost, $"the replication slot was lost: {lost.MessageText}", failure),
        PostgresException { SqlState: PostgresErrorCodes.UndefinedObject } missing =>
            new ReplicationUnavailableException(ReplicationFault.NoPublication, missing.MessageText, failure),
        PostgresException other =>
            new ReplicationUnavailableException(ReplicationFault.Connection, $"{other.SqlState}: {other.MessageText}", failure),
        _ => new ReplicationUnavailableException(ReplicationFault.Connection, "the connection to the database failed", failure),
    };

    private async Task<ReplicationUnavailableException?> ExplainBySettingsAsync(PostgresException refusal, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand(ServerQuery, connection);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            var level = reader.GetString(0);
            var (maxSlots, slots, maxSenders, senders) = (reader.GetInt32(2), reader.GetInt32(3), reader.GetInt32(4), reader.GetInt32(5));
            return refusal.SqlState switch
            {
                _ when level != "logical" => new ReplicationUnavailableException(ReplicationFault.WalLevel,
                    $"wal_level is {level}: set wal_level = logical and restart PostgreSQL", refusal),
                PostgresErrorCodes.ConfigurationLimitExceeded => new ReplicationUnavailableException(ReplicationFault.NoFreeSlot,
                    $"all replication slots are in use ({slots} of max_replication_slots = {maxSlots})", refusal),
                PostgresErrorCodes.TooManyConnections when senders >= maxSenders => new ReplicationUnavailableException(
                    ReplicationFault.NoFreeWalSender, $"all WAL senders are in use ({senders} of max_wal_senders = {maxSenders})", refusal),
                _ => null,
            };
        }
        catch (NpgsqlException)
        {
            return null;
        }
    }

    // A slot of a setting that is no longer wanted would hold back the log for ever, and one that was lost or holds back too much is of no use.
    private async Task<bool> KeepOrDropAsync(NpgsqlConnection connection, Slot slot, CancellationToken cancellationToken)
    {
        var lost = slot.WalStatus == "lost";
        var exceeded = options.MaxRetainedWalBytes is { } bound && slot.RetainedBytes > bound;
        if (options.Durable && !lost && !exceeded)
        {
            return true;
        }

        if (!slot.Temporary)
        {
            await DropAsync(connection, cancellationToken);
        }

        return options.Durable
            ? throw new ReplicationUnavailableException(ReplicationFault.SlotLost, lost
                ? $"replication slot \"{options.SlotName}\" was invalidated because it held back more than max_slot_wal_keep_size"
                : $"replication slot \"{options.SlotName}\" held back {slot.RetainedBytes} bytes, more than the {options.MaxRetainedWalBytes} allowed")
            : false;
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            ApplicationName = "realtime_replication_slot_check",
            Pooling = false,
            Timeout = (int)options.ConnectTimeout.TotalSeconds,
            CommandTimeout = (int)options.ConnectTimeout.TotalSeconds,
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<Slot?> FindAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SlotQuery, connection) { Parameters = { new() { Value = options.SlotName } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Slot(
                await reader.IsDBNullAsync(0, cancellationToken) ? "" : reader.GetString(0),
                reader.GetBoolean(1),
                reader.GetBoolean(2),
                !await reader.IsDBNullAsync(3, cancellationToken) && reader.GetBoolean(3),
                await reader.IsDBNullAsync(4, cancellationToken) ? "lost" : reader.GetString(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? 0 : reader.GetInt64(5))
            : null;
    }

    private async Task DropAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_catalog.pg_drop_replication_slot($1)", connection)
        {
            Parameters = { new() { Value = options.SlotName } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record Slot(string Plugin, bool Temporary, bool Active, bool IsOfThisDatabase, string WalStatus, long RetainedBytes);
}
