using System.Net.Sockets;
using Npgsql;
using Realtime.Hosting.Configuration;

namespace Realtime.TenantAdmin.ControlDatabase;

/// <summary>The pool of connections to the control database (control-database.md section 1).</summary>
/// <remarks>
/// Every connection has the control schema first in its search path: by <c>DB_AFTER_CONNECT_QUERY</c>, or <c>_realtime</c> without it.
/// Thread-safe.
/// </remarks>
internal sealed class ControlConnections(ControlDatabaseSettings settings) : IAsyncDisposable
{
    private const string ApplicationName = "supabase_mt_realtime";
    private const string DefaultSchema = "_realtime";

    // One statement may take this long; a write that waits for a row lock ends here too.
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _building = new(1, 1);
    private volatile NpgsqlDataSource? _source;

    /// <summary>Host, port, database and user, for messages to operators.</summary>
    public string Description => $"database \"{settings.Name}\" at {settings.Host}:{settings.Port} as user \"{settings.User}\"";

    /// <summary>Opens a connection; wait for the pool and connecting together are bounded by <c>DB_QUEUE_TARGET</c>.</summary>
    /// <exception cref="NpgsqlException">The database cannot be reached or refused; see <see cref="ControlDatabaseFailure.IsFailure"/>.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var source = _source ?? await BuildOnceAsync(cancellationToken);
        return await source.OpenConnectionAsync(cancellationToken);
    }

    /// <summary>Runs <paramref name="work"/> in a transaction that is rolled back when it throws.</summary>
    public async ValueTask<T> InTransactionAsync<T>(
        Func<NpgsqlConnection, CancellationToken, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var result = await work(connection, cancellationToken);
        // Not cancelled with the caller: it must know whether others have to be told.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _building.Dispose();
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }
    }

    // Late, because DB_IP_VERSION asks for a look-up of the host, and that fails while a container of that name is still starting.
    private async ValueTask<NpgsqlDataSource> BuildOnceAsync(CancellationToken cancellationToken)
    {
        await _building.WaitAsync(cancellationToken);
        try
        {
            return _source ??= Build(await ResolveHostAsync(cancellationToken));
        }
        finally
        {
            _building.Release();
        }
    }

    private async ValueTask<string> ResolveHostAsync(CancellationToken cancellationToken)
    {
        if (settings.IpVersion is null)
        {
            return settings.Host; // Npgsql tries every address the name has.
        }

        var family = settings.IpVersion == "ipv6" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(settings.QueueTarget);
        try
        {
            var addresses = await System.Net.Dns.GetHostAddressesAsync(settings.Host, family, limit.Token);
            return addresses.Length > 0 ? addresses[0].ToString() : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NpgsqlException($"The look-up of \"{settings.Host}\" took longer than {settings.QueueTarget}.", new TimeoutException());
        }
        catch (SocketException e)
        {
            throw new NpgsqlException($"\"{settings.Host}\" has no {settings.IpVersion} address (DB_IP_VERSION).", e);
        }
    }

    private NpgsqlDataSource Build(string host)
    {
        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder
        {
            Host = host,
            Port = settings.Port,
            Database = settings.Name,
            Username = settings.User,
            Password = settings.Password,
            ApplicationName = ApplicationName,
            MaxPoolSize = settings.PoolSize,
            MinPoolSize = 0,
            Timeout = (int)Math.Clamp(Math.Ceiling(settings.QueueTarget.TotalSeconds), 1, 1024),
            CommandTimeout = (int)CommandTimeout.TotalSeconds,
            CancellationTimeout = 2000,
            GssEncryptionMode = GssEncryptionMode.Disable,
            SslMode = (settings.Ssl, settings.SslCaCertificate) switch
            {
                (false, _) => SslMode.Disable,
                (true, null) => SslMode.Require,
                _ => SslMode.VerifyFull,
            },
            RootCertificate = settings.Ssl ? settings.SslCaCertificate : null,
            SearchPath = settings.AfterConnectQuery is null ? DefaultSchema : null,
            // A reset would undo what DB_AFTER_CONNECT_QUERY did, and nothing else here leaves state in a session.
            NoResetOnClose = true,
        }.ConnectionString);
        if (settings.AfterConnectQuery is { } query)
        {
            builder.UsePhysicalConnectionInitializer(
                connection =>
                {
                    using var command = new NpgsqlCommand(query, connection);
                    command.ExecuteNonQuery();
                },
                async connection =>
                {
                    await using var command = new NpgsqlCommand(query, connection);
                    await command.ExecuteNonQueryAsync();
                });
        }

        if (settings.Ssl && host != settings.Host)
        {
            builder.UseSslClientAuthenticationOptionsCallback(options => options.TargetHost = settings.Host); // certificates name the host
        }

        return builder.Build();
    }
}
