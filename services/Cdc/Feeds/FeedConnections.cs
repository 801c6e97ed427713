using System.Data;
using Npgsql;
using Realtime.Contracts.Tenants;

namespace Realtime.Cdc.Feeds;

/// <summary>A feed's own connections to the tenant's database, apart from the pools that joins use.</summary>
/// <remarks>One stays open for the stream; a few more serve policies that are asked apart.</remarks>
internal sealed class FeedConnections : IAsyncDisposable
{
    private const int MaxConnections = 3;
    private const int ConnectTimeoutSeconds = 10;

    private readonly NpgsqlDataSource _source;
    private NpgsqlConnection? _main;

    public FeedConnections(TenantDatabase database)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = database.Host,
            Port = database.Port,
            Database = database.Name,
            Username = database.User,
            Password = database.Password,
            SslMode = database.SslEnforced ? SslMode.Require : SslMode.Disable, // Require encrypts and verifies nothing
            GssEncryptionMode = GssEncryptionMode.Disable,
            Timezone = "UTC",
            Timeout = ConnectTimeoutSeconds,
            CommandTimeout = ConnectTimeoutSeconds,
        };
        ReplicationConnectionString = settings.ConnectionString;
        settings.ApplicationName = "realtime_rls";
        settings.MaxPoolSize = MaxConnections;
        settings.KeepAlive = 30;
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString)
            .ConfigureTypeLoading(static types => types.EnableTypeLoading(false)) // built-in types do
            .Build();
    }

    /// <summary>For the stream; has the password.</summary>
    public string ReplicationConnectionString { get; }

    /// <summary>Runs something on the stream's connection. For one caller at a time; a connection that broke is replaced once.</summary>
    public async Task<T> UseAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> use, CancellationToken cancellationToken)
    {
        var isOld = _main is { State: ConnectionState.Open };
        try
        {
            return await use(await MainAsync(cancellationToken), cancellationToken);
        }
        catch (NpgsqlException) when (isOld && _main is not { State: ConnectionState.Open })
        {
            return await use(await MainAsync(cancellationToken), cancellationToken);
        }
    }

    /// <summary>A connection for another task; waits while all are in use.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_main is not null)
        {
            await _main.DisposeAsync();
        }

        await _source.DisposeAsync();
    }

    private async ValueTask<NpgsqlConnection> MainAsync(CancellationToken cancellationToken)
    {
        if (_main is { State: ConnectionState.Open })
        {
            return _main;
        }

        if (_main is not null)
        {
            await _main.DisposeAsync();
        }

        _main = null;
        return _main = await _source.OpenConnectionAsync(cancellationToken);
    }
}
