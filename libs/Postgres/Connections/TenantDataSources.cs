using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Contracts.Tenants;

namespace Realtime.Postgres.Connections;

/// <summary>The connections of this process to the tenants' databases: one pool per tenant and purpose, made on first use.</summary>
/// <remarks>
/// Pools end when nobody has used the tenant's for <see cref="IdleTime"/>, on <see cref="StopAsync"/>, and when the tenant comes
/// with other database settings than before. A connection in use then closes as soon as its user returns it. Thread-safe.
/// </remarks>
public sealed partial class TenantDataSources : IAsyncDisposable
{
    /// <summary>Time without use after which a tenant's pools are closed (tenant-database.md 10.5).</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(11);

    /// <summary>Tenants with pools; past it those idle the longest go first.</summary>
    public const int MaxTenants = 5_000;

    private const int MaxConnectFailures = 3;
    private static readonly TimeSpan ConnectFailureWindow = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, TenantPools> _tenants = [];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _sweep;
    private bool _disposed;

    /// <summary>Connects to nothing yet.</summary>
    public TenantDataSources(TimeProvider time, ILogger<TenantDataSources> logger)
    {
        (_time, _logger) = (time, logger);
        _sweep = time.CreateTimer(static self => ((TenantDataSources)self!).CloseIdle(), this, SweepPeriod, SweepPeriod);
    }

    /// <summary>Tenants that have pools now.</summary>
    public int TenantCount
    {
        get
        {
            lock (_lock)
            {
                return _tenants.Count;
            }
        }
    }

    /// <summary>A pooled connection; waits for one at most as long as the tenant's queue target says (5 s by default).</summary>
    /// <exception cref="TenantDatabaseUnavailableException">There is none.</exception>
    public async ValueTask<TenantConnection> OpenAsync(TenantConfig tenant, TenantConnectionPurpose purpose, CancellationToken cancellationToken)
    {
        if (tenant.Database is not { } database)
        {
            throw new TenantDatabaseUnavailableException(tenant.Id, "the tenant has no database settings.");
        }

        if (tenant.Suspended)
        {
            throw new TenantDatabaseUnavailableException(tenant.Id, "the tenant is suspended.");
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await PoolOf(tenant.Id, database, purpose).OpenAsync(cancellationToken);
            }
            catch (ObjectDisposedException exception)
            {
                // The pool was closed between finding and using it; a second time means that this process is stopping.
                if (attempt > 1)
                {
                    throw new TenantDatabaseUnavailableException(tenant.Id, "its connections are being closed.", exception);
                }
            }
        }
    }

    /// <summary>Closes a tenant's pools; the next use opens new ones.</summary>
    public async Task StopAsync(TenantId tenant)
    {
        TenantPools? stopped;
        lock (_lock)
        {
            _tenants.Remove(tenant, out stopped);
        }

        if (stopped is not null)
        {
            await stopped.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        TenantPools[] all;
        lock (_lock)
        {
            _disposed = true;
            all = [.. _tenants.Values];
            _tenants.Clear();
        }

        await _sweep.DisposeAsync();
        foreach (var pools in all)
        {
            await pools.DisposeAsync();
        }
    }

    private TenantPool PoolOf(TenantId tenant, TenantDatabase database, TenantConnectionPurpose purpose)
    {
        TenantPools? replaced = null;
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (!_tenants.TryGetValue(tenant, out var pools) || pools.Database != database)
                {
                    replaced = pools;
                    pools = new TenantPools(tenant, database, new FailureWindow(MaxConnectFailures, ConnectFailureWindow, _time), _time, _logger);
                    _tenants[tenant] = pools;
                }

                return pools.Get(purpose);
            }
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException or InvalidOperationException and not ObjectDisposedException)
        {
            // Settings that no connection string can express, such as an empty host.
            throw new TenantDatabaseUnavailableException(tenant, exception.Message, exception);
        }
        finally
        {
            Close(replaced);
        }
    }

    private void CloseIdle()
    {
        List<TenantPools> idle = [];
        lock (_lock)
        {
            var surplus = _tenants.Count - MaxTenants;
            foreach (var pools in _tenants.Values.Where(p => p.IdleTime > TimeSpan.Zero).OrderByDescending(p => p.IdleTime))
            {
                if (pools.IdleTime < IdleTime && idle.Count >= surplus)
                {
                    break;
                }

                idle.Add(pools);
            }

            idle.ForEach(p => _tenants.Remove(p.Tenant));
        }

        idle.ForEach(Close);
    }

    // Closing idle connections only writes a goodbye to each socket, which nobody needs to wait for.
    private void Close(TenantPools? pools)
    {
        if (pools is not null)
        {
            _ = CloseAsync(pools);
        }
    }

    private async Task CloseAsync(TenantPools pools)
    {
        try
        {
            await pools.DisposeAsync();
        }
        catch (Exception exception)
        {
            Log.CloseFailed(_logger, exception, pools.Tenant);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The idle connections to the database of {Tenant} did not close in order.")]
        public static partial void CloseFailed(ILogger logger, Exception exception, TenantId tenant);
    }

    /// <summary>The pools of one tenant for one set of settings.</summary>
    private sealed class TenantPools(TenantId tenant, TenantDatabase database, FailureWindow connectFailures, TimeProvider time, ILogger logger)
        : IAsyncDisposable
    {
        private readonly TenantPool?[] _pools = new TenantPool?[Enum.GetValues<TenantConnectionPurpose>().Length];

        public TenantId Tenant { get; } = tenant;

        public TenantDatabase Database { get; } = database;

        /// <summary>Zero while a connection is in use or awaited; without any pool, because the settings are wrong, the longest time.</summary>
        public TimeSpan IdleTime => _pools.Min(p => p?.IdleTime) ?? TimeSpan.MaxValue;

        /// <summary>Called under the owner's lock.</summary>
        public TenantPool Get(TenantConnectionPurpose purpose) => _pools[(int)purpose] ??= new TenantPool(
            Tenant, TenantConnectionString.CreateDataSource(Database, purpose), TenantConnectionString.PoolSize(Database, purpose),
            Database.QueueTarget, connectFailures, time, logger);

        public async ValueTask DisposeAsync()
        {
            foreach (var pool in _pools)
            {
                if (pool is not null)
                {
                    await pool.DisposeAsync();
                }
            }
        }
    }
}
