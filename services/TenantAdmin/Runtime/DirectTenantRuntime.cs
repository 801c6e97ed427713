using Npgsql;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin.Runtime;

/// <summary>Acts on tenants' databases from here, for installations in which nothing else keeps track of them.</summary>
/// <remarks>
/// Reports nothing as connected, because it opens no connection to find out; stops by an announcement to all nodes; drops slots over a
/// connection of its own.
/// </remarks>
internal sealed class DirectTenantRuntime(TenantAnnouncements announcements, TimeProvider time) : ITenantRuntime
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private const string FindSlots =
        "select slot_name::text from pg_replication_slots where database = current_database() and strpos(slot_name, 'realtime') > 0";

    /// <inheritdoc/>
    public ValueTask<TenantRuntimeStatus> GetStatusAsync(TenantConfig tenant, CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public ValueTask StopDatabaseAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        announcements.Announce(tenant, TenantChanges.RestartDatabase);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DropReplicationSlotsAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        if (tenant.Database is not { } database)
        {
            return;
        }

        await using var connection = new NpgsqlConnection(ConnectionString(database));
        await connection.OpenAsync(cancellationToken);
        foreach (var slot in await FindSlotsAsync(connection, cancellationToken))
        {
            while (!await TryDropAsync(connection, slot, cancellationToken))
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private static string ConnectionString(TenantDatabase database) => new NpgsqlConnectionStringBuilder
    {
        Host = database.Host,
        Port = database.Port,
        Database = database.Name,
        Username = database.User,
        Password = database.Password,
        ApplicationName = "realtime_slot_teardown",
        SslMode = database.SslEnforced ? SslMode.Require : SslMode.Disable, // Require encrypts and verifies nothing
        GssEncryptionMode = GssEncryptionMode.Disable,
        Pooling = false,
        Timeout = 5,
        CommandTimeout = 10,
    }.ConnectionString;

    private static async Task<List<string>> FindSlotsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FindSlots, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var slots = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            slots.Add(reader.GetString(0));
        }

        return slots;
    }

    // A session ends some time after it was told to, and its client may be back before the slot is free: both are tried until it is gone.
    private static async Task<bool> TryDropAsync(NpgsqlConnection connection, string slot, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(
                connection,
                "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active_pid is not null",
                slot,
                cancellationToken);
            await ExecuteAsync(connection, "select pg_drop_replication_slot($1)", slot, cancellationToken);
            return true;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            return true; // it went with its session
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            return false;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, string slot, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Name, Value = slot });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
