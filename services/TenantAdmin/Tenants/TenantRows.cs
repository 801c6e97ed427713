using Npgsql;
using NpgsqlTypes;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>A value for one column; the name is one of ours, never a caller's.</summary>
internal readonly record struct ColumnValue(string Column, NpgsqlDbType Type, object? Value);

/// <summary>The SQL of the tables <c>tenants</c> and <c>extensions</c>.</summary>
internal static class TenantRows
{
    private const string Select =
        """
        select t.id, t.external_id, t.name, t.jwt_secret, t.jwt_jwks, t.postgres_cdc_default, t.max_concurrent_users,
          t.max_events_per_second, t.max_bytes_per_second, t.max_channels_per_client, t.max_joins_per_second,
          t.max_presence_events_per_second, t.max_payload_size_in_kb, t.max_client_presence_events_per_window,
          t.client_presence_window_ms, t.suspend, t.private_only, t.presence_enabled, t.broadcast_adapter, t.feature_flags,
          t.migrations_ran, t.inserted_at, t.gcm_migrated_at, e.id, e.type, e.settings, e.inserted_at, e.updated_at
        from tenants t left join extensions e on e.tenant_external_id = t.external_id
        """;

    private const int ExtensionOffset = 23;

    /// <returns>The tenant, or null when there is none of that name.</returns>
    public static async ValueTask<StoredTenant?> FindAsync(NpgsqlConnection connection, string externalId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"{Select} where t.external_id = $1 order by e.inserted_at, e.type", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = externalId });
        return (await ReadAsync(command, cancellationToken)).SingleOrDefault();
    }

    /// <summary>As <see cref="FindAsync"/>, and holds the tenant until the transaction ends.</summary>
    /// <remarks>
    /// Locks first and reads then: a statement that does both sees the extensions of before its wait.
    /// </remarks>
    public static async ValueTask<StoredTenant?> FindAndLockAsync(NpgsqlConnection connection, string externalId, CancellationToken cancellationToken)
    {
        await using (var command = new NpgsqlCommand("select from tenants where external_id = $1 for update", connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = externalId });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        return await FindAsync(connection, externalId, cancellationToken);
    }

    /// <summary>All tenants, newest first.</summary>
    public static async ValueTask<IReadOnlyList<StoredTenant>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"{Select} where t.external_id is not null order by t.inserted_at desc, t.external_id, e.inserted_at, e.type", connection);
        return await ReadAsync(command, cancellationToken);
    }

    public static async ValueTask InsertAsync(
        NpgsqlConnection connection, string table, IReadOnlyList<ColumnValue> values, CancellationToken cancellationToken)
    {
        var names = string.Join(", ", values.Select(value => value.Column));
        var places = string.Join(", ", values.Select((_, index) => $"${index + 1}"));
        await using var command = new NpgsqlCommand($"insert into {table} ({names}) values ({places})", connection);
        AddParameters(command, values);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Writes the given columns of one row of <c>tenants</c>, and nothing else.</summary>
    public static async ValueTask UpdateAsync(
        NpgsqlConnection connection, Guid id, IReadOnlyList<ColumnValue> values, CancellationToken cancellationToken)
    {
        var assignments = string.Join(", ", values.Select((value, index) => $"{value.Column} = ${index + 1}"));
        await using var command = new NpgsqlCommand($"update tenants set {assignments} where id = ${values.Count + 1}", connection);
        AddParameters(command, values);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async ValueTask DeleteAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("delete from tenants where id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async ValueTask DeleteExtensionsAsync(NpgsqlConnection connection, string externalId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("delete from extensions where tenant_external_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = externalId });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // A tenant comes once for each of its extensions, these rows next to each other.
    private static async ValueTask<IReadOnlyList<StoredTenant>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tenants = new List<StoredTenant>();
        var extensions = new List<StoredExtension>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (tenants.Count == 0 || tenants[^1].Id != reader.GetGuid(0))
            {
                extensions = [];
                tenants.Add(ReadTenant(reader) with { Extensions = extensions });
            }

            if (!reader.IsDBNull(ExtensionOffset))
            {
                extensions.Add(ReadExtension(reader));
            }
        }

        return tenants;
    }

    private static StoredTenant ReadTenant(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        ExternalId = reader.GetString(1),
        Name = Text(reader, 2),
        JwtSecret = Text(reader, 3),
        JwtJwks = Text(reader, 4),
        PostgresCdcDefault = Text(reader, 5),
        MaxConcurrentUsers = reader.GetInt32(6),
        MaxEventsPerSecond = reader.GetInt32(7),
        MaxBytesPerSecond = reader.GetInt32(8),
        MaxChannelsPerClient = reader.GetInt32(9),
        MaxJoinsPerSecond = reader.GetInt32(10),
        MaxPresenceEventsPerSecond = Number(reader, 11),
        MaxPayloadSizeInKb = Number(reader, 12),
        MaxClientPresenceEventsPerWindow = Number(reader, 13),
        ClientPresenceWindowMs = Number(reader, 14),
        Suspend = reader.IsDBNull(15) ? null : reader.GetBoolean(15),
        PrivateOnly = reader.GetBoolean(16),
        PresenceEnabled = reader.GetBoolean(17),
        BroadcastAdapter = Text(reader, 18),
        FeatureFlags = reader.GetString(19),
        MigrationsRan = Number(reader, 20),
        InsertedAt = reader.GetDateTime(21),
        GcmMigratedAt = reader.IsDBNull(22) ? null : reader.GetDateTime(22),
    };

    private static StoredExtension ReadExtension(NpgsqlDataReader reader) => new(
        reader.GetGuid(ExtensionOffset),
        Text(reader, ExtensionOffset + 1),
        Text(reader, ExtensionOffset + 2),
        reader.GetDateTime(ExtensionOffset + 3),
        reader.GetDateTime(ExtensionOffset + 4));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static int? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

    private static void AddParameters(NpgsqlCommand command, IEnumerable<ColumnValue> values)
    {
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = value.Type, Value = value.Value ?? DBNull.Value });
        }
    }
}
