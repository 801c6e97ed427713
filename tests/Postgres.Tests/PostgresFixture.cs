using Npgsql;
using Realtime.Postgres.Tests;
using Realtime.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Realtime.Postgres.Tests;

/// <summary>The one PostgreSQL of this assembly's tests.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
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

    /// <summary>An open connection to a new database in which the given statements were run, with the session time zone UTC.</summary>
    public async Task<NpgsqlConnection> OpenDatabaseAsync(string sql = "")
    {
        var token = TestContext.Current.CancellationToken;
        var name = await Server.CreateDatabaseAsync(token);
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Server.ConnectionString(name)) { Timezone = "UTC" }.ConnectionString);
        await connection.OpenAsync(token);
        await ExecuteAsync(connection, sql);
        return connection;
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
}
