using Npgsql;
using Realtime.Cdc.Tests.Support;
using Realtime.Testing;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace Realtime.Cdc.Tests.Support;

/// <summary>The one PostgreSQL of this assembly's tests, with the roles that tokens name.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private PostgresServer? _server;

    public PostgresServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);
        await using var connection = new NpgsqlConnection(_server.ConnectionString("postgres"));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            "create role anon; create role authenticated; create role service_role bypassrls", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
