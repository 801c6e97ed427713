using System.Collections.Concurrent;
using Npgsql;
using Realtime.Postgres.Tests;
using Realtime.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Realtime.Postgres.Tests;

/// <summary>The one PostgreSQL of this assembly's tests.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _shared = new();
    private PostgresServer? _server;

    public PostgresServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async ValueTask InitializeAsync() => _server = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    /// <summary>An open connection, with the session time zone UTC, to a database in which the given statements were run.</summary>
    /// <remarks>Tests that ask for the same statements share the database, so they make only temporary tables in it.</remarks>
    public async Task<NpgsqlConnection> OpenSharedDatabaseAsync(string sql)
    {
        var database = await _shared.GetOrAdd(sql, key => new Lazy<Task<string>>(() => CreateDatabaseAsync(key))).Value;
        return await OpenAsync(database);
    }

    /// <summary>Runs statements.</summary>
    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        if (sql.Length > 0)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task<string> CreateDatabaseAsync(string sql)
    {
        var database = await Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var connection = await OpenAsync(database);
        await ExecuteAsync(connection, sql);
        return database;
    }

    private async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Server.ConnectionString(database)) { Timezone = "UTC" }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
