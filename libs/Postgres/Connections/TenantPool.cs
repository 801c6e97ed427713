using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Tenants;

namespace Realtime.Postgres.Connections;

/// <summary>The connections of one tenant for one purpose.</summary>
/// <remarks>
/// Callers queue at a gate of our own, because Npgsql counts the wait for a free connection and the time to connect as one, in
/// whole seconds, and the two failures have different answers here.
/// </remarks>
internal sealed partial class TenantPool : IAsyncDisposable
{
    /// <summary>Callers that may wait at once; more are refused like those that waited too long.</summary>
    public const int MaxWaiting = 10_000;

    private static readonly TimeSpan TimeoutWindow = TimeSpan.FromSeconds(30);

    private readonly TenantId _tenant;
    private readonly TimeSpan _queueTarget;
    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _gate;
    private readonly FailureWindow _timeouts;
    private readonly FailureWindow _connectFailures;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private int _waiting;
    private int _leased;
    private long _lastUsed;
    private volatile bool _established;

    public TenantPool(
        TenantId tenant, NpgsqlDataSource source, int size, TimeSpan queueTarget, FailureWindow connectFailures, TimeProvider time, ILogger logger)
    {
        (_tenant, _source, _queueTarget, _connectFailures, _time, _logger) = (tenant, source, queueTarget, connectFailures, time, logger);
        _gate = new SemaphoreSlim(size, size);
        _timeouts = new FailureWindow(size, TimeoutWindow, time);
        _lastUsed = time.GetTimestamp();
    }

    /// <summary>How long nobody has had or wanted a connection; zero while somebody does.</summary>
    public TimeSpan IdleTime => Volatile.Read(ref _leased) + Volatile.Read(ref _waiting) > 0
        ? TimeSpan.Zero
        : _time.GetElapsedTime(Interlocked.Read(ref _lastUsed));

    /// <exception cref="TenantDatabaseUnavailableException">Refused, timed out or failed.</exception>
    /// <exception cref="ObjectDisposedException">The pool was replaced; ask for the current one.</exception>
    public async ValueTask<TenantConnection> OpenAsync(CancellationToken cancellationToken)
    {
        if (_timeouts.IsTripped)
        {
            throw new TenantPoolExhaustedException(_tenant);
        }

        await EnterAsync(cancellationToken);
        try
        {
            var connection = await ConnectAsync(cancellationToken);
            Interlocked.Increment(ref _leased);
            return new TenantConnection(this, connection);
        }
        catch
        {
            _gate.Release();
            throw;
        }
    }

    public async ValueTask ReturnAsync(NpgsqlConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        finally
        {
            Interlocked.Exchange(ref _lastUsed, _time.GetTimestamp());
            Interlocked.Decrement(ref _leased);
            _gate.Release();
        }
    }

    public void Discard() => _source.Clear();

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        var waiting = Interlocked.Increment(ref _waiting);
        try
        {
            Interlocked.Exchange(ref _lastUsed, _time.GetTimestamp());
            if (waiting <= MaxWaiting && await _gate.WaitAsync(_queueTarget, cancellationToken))
            {
                return;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        if (!_established)
        {
            throw new TenantDatabaseInitializingException(_tenant);
        }

        _timeouts.Add();
        Log.PoolExhausted(_logger, _tenant);
        throw new TenantPoolExhaustedException(_tenant);
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        if (!_established && _connectFailures.IsTripped)
        {
            throw new TenantConnectRateLimitedException(_tenant);
        }

        try
        {
            var connection = await _source.OpenConnectionAsync(cancellationToken);
            _established = true;
            return connection;
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            _established = false;
            _connectFailures.Add();
            Log.ConnectFailed(_logger, _tenant, exception.Message);
            throw exception is PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } full
                ? new TooManyTenantConnectionsException(_tenant, full.MessageText, full)
                : new TenantDatabaseUnavailableException(_tenant, exception.Message, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "UnableToConnectToTenantDatabase: {Tenant}: {Reason}")]
        public static partial void ConnectFailed(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(2, LogLevel.Error, "IncreaseConnectionPool: {Tenant}: Too many database timeouts")]
        public static partial void PoolExhausted(ILogger logger, TenantId tenant);
    }
}
