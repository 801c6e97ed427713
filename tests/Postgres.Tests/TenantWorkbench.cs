using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Authorization;
using Realtime.Postgres.Connections;
using Realtime.Postgres.Messages;
using Realtime.Postgres.TenantSchema;
using Realtime.Testing;

namespace Realtime.Postgres.Tests;

/// <summary>An empty database of its own, a tenant that points to it, and everything under test connected to it.</summary>
internal sealed class TenantWorkbench : IAsyncDisposable
{
    private readonly PostgresServer _server;
    private readonly string _database;

    private TenantWorkbench(PostgresServer server, string database, int poolSize, TimeProvider time)
    {
        (_server, _database) = (server, database);
        Tenant = new TenantConfig
        {
            Id = new TenantId(database),
            Database = new TenantDatabase
            {
                Host = server.Host, Port = server.Port, Name = database, User = PostgresServer.User, Password = PostgresServer.Password,
                SslEnforced = false, PoolSize = poolSize,
            },
        };
        Connections = new TenantDataSources(time, NullLogger<TenantDataSources>.Instance);
        Migrations = new TenantMigrations(Connections, time, NullLogger<TenantMigrations>.Instance);
        Partitions = new MessagePartitions(Connections, time, NullLogger<MessagePartitions>.Instance);
        Preparation = new TenantPreparation(Connections, Migrations, Partitions, time, NullLogger<TenantPreparation>.Instance);
        Authorizer = new PostgresChannelAuthorizer(FindAsync, Preparation, Connections, time, NullLogger<PostgresChannelAuthorizer>.Instance);
        Replay = new PostgresReplayStore(FindAsync, Preparation, Connections, NullLogger<PostgresReplayStore>.Instance);
    }

    public TenantConfig Tenant { get; set; }

    public TenantDataSources Connections { get; }

    public TenantMigrations Migrations { get; }

    public MessagePartitions Partitions { get; }

    public TenantPreparation Preparation { get; }

    public PostgresChannelAuthorizer Authorizer { get; }

    public PostgresReplayStore Replay { get; }

    public string ConnectionString => _server.ConnectionString(_database);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TenantWorkbench> CreateAsync(PostgresServer server, int poolSize = 1, TimeProvider? time = null) =>
        new(server, await server.CreateDatabaseAsync(Token), poolSize, time ?? TimeProvider.System);

    /// <summary>With schema and partitions.</summary>
    public static async Task<TenantWorkbench> CreatePreparedAsync(PostgresServer server, int poolSize = 1)
    {
        var bench = await CreateAsync(server, poolSize);
        await bench.Preparation.EnsureAsync(bench.Tenant, Token);
        return bench;
    }

    /// <summary>A connection of the customer, as the superuser.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(Token);
        return connection;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }

    /// <summary>First column of all rows, as text.</summary>
    public async Task<string[]> ListAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Token);
        List<string> rows = [];
        while (await reader.ReadAsync(Token))
        {
            rows.Add(reader.IsDBNull(0) ? "null" : reader.GetValue(0).ToString()!);
        }

        return [.. rows];
    }

    public ValueTask DisposeAsync() => Connections.DisposeAsync();

    private ValueTask<TenantConfig?> FindAsync(TenantId tenant, CancellationToken cancellationToken) =>
        ValueTask.FromResult(tenant == Tenant.Id ? Tenant : null);
}
