using Npgsql;

namespace Realtime.Cdc.Tables;

/// <summary>The publication of <c>realtime.messages</c>, through which broadcasts from the database are read (tenant-database.md 8.1).</summary>
internal static class MessagesPublication
{
    /// <summary>Its name.</summary>
    public const string Name = "supabase_realtime_messages_publication";

    private const int TimeoutSeconds = 10;

    private const string StateQuery =
        $"""
        select pg_catalog.to_regclass('realtime.messages') is not null,
               exists (select from pg_catalog.pg_publication where pubname = '{Name}'),
               exists (select from pg_catalog.pg_publication_tables where pubname = '{Name}')
               and not exists (select from pg_catalog.pg_publication_tables where pubname = '{Name}'
                               and (schemaname <> 'realtime' or tablename <> 'messages' and tablename not like 'messages\_%'))
        """;

    /// <summary>Makes it or mends it when it does not publish the messages and nothing else.</summary>
    /// <returns>Whether it can be read.</returns>
    /// <exception cref="PostgresException">The login role may not create it.</exception>
    public static async Task<bool> EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (hasTable, exists, isValid) = await ReadStateAsync(connection, cancellationToken);
        if (!hasTable || isValid)
        {
            return hasTable;
        }

        var drop = exists ? $"drop publication {Name}; " : "";
        await using var command = new NpgsqlCommand($"{drop}create publication {Name} for table realtime.messages", connection)
        {
            CommandTimeout = TimeoutSeconds,
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }

    private static async Task<(bool HasTable, bool Exists, bool IsValid)> ReadStateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(StateQuery, connection) { CommandTimeout = TimeoutSeconds };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetBoolean(2));
    }
}
