using System.Collections.Concurrent;
using Npgsql;

[assembly: AssemblyFixture(typeof(Realtime.Postgres.Tests.SharedDatabases))]

namespace Realtime.Postgres.Tests;

/// <summary>Databases that several tests share because they only make temporary tables in them.</summary>
public sealed class SharedDatabases
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _databases = new();

    /// <summary>An open connection, with the session time zone UTC, to the database in which the given statements were run.</summary>
    public async Task<NpgsqlConnection> OpenAsync(PostgresFixture postgres, string sql)
    {
        var database = await _databases.GetOrAdd(sql, key => new Lazy<Task<string>>(() => CreateAsync(postgres, key))).Value;
        return await ConnectAsync(postgres, database);
    }

    /// <summary>Runs statements.</summary>
    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> CreateAsync(PostgresFixture postgres, string sql)
    {
        var database = await postgres.Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var connection = await ConnectAsync(postgres, database);
        await ExecuteAsync(connection, sql);
        return database;
    }

    private static async Task<NpgsqlConnection> ConnectAsync(PostgresFixture postgres, string database)
    {
        var text = new NpgsqlConnectionStringBuilder(postgres.Server.ConnectionString(database)) { Timezone = "UTC" }.ConnectionString;
        var connection = new NpgsqlConnection(text);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
