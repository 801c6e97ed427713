using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tenants;

/// <summary>Tenants by name, cached for <see cref="TenantSettings.CacheExpiration"/> (operations.md 4.8).</summary>
/// <remarks>
/// <para>
/// Thread-safe. Concurrent lookups of one tenant share one question to the store, which has <see cref="LookupDeadline"/>. Unknown tenants
/// are not cached: only questions under way take memory for them.
/// </para>
/// <para>
/// A copy outlives its time while the store cannot be asked. The first caller after expiry waits for the failure; from then on
/// callers get the old copy at once and one of them per <see cref="RetryInterval"/> asks again in the background.
/// </para>
/// </remarks>
public sealed partial class TenantCatalog
{
    /// <summary>Longest wait for one answer of the store.</summary>
    public static readonly TimeSpan LookupDeadline = TimeSpan.FromSeconds(5);

    /// <summary>Pause between two questions for a tenant while the store fails.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    // Long enough to outlast an outage, short enough that tenants who left do not pile up.
    private static readonly TimeSpan UnusedTime = TimeSpan.FromHours(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<TenantId, CachedTenant> _cached = new();
    private readonly ConcurrentDictionary<TenantId, Lazy<Task<TenantModel?>>> _lookups = new();
    private readonly Lock _changes = new(); // orders the end of a lookup and an invalidation
    private readonly ITenantStore _store;
    private readonly TimeProvider _time;
    private readonly TimeSpan _expiration;
    private readonly ILogger _logger;
    private long _lastSweep;
    private int _storeFails;

    /// <summary>Creates an empty catalog.</summary>
    public TenantCatalog(ITenantStore store, TenantSettings settings, TimeProvider time, ILogger<TenantCatalog>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(time);
        _store = store;
        _time = time;
        _expiration = settings.CacheExpiration;
        _logger = logger ?? NullLogger<TenantCatalog>.Instance;
        _lastSweep = time.GetTimestamp();
    }

    /// <summary>Number of tenants with a cached copy, expired ones included.</summary>
    public int Count => _cached.Count;

    /// <summary>The tenant, or null when there is none of that name. Completes synchronously while a copy is fresh.</summary>
    /// <exception cref="TenantStoreUnavailableException">The store failed or did not answer in time, and there is no copy.</exception>
    public ValueTask<TenantModel?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (!_cached.TryGetValue(tenant, out var cached))
        {
            return new ValueTask<TenantModel?>(LookUp(tenant).WaitAsync(cancellationToken));
        }

        var age = _time.GetElapsedTime(cached.AskedAt);
        if (cached.IsStale)
        {
            if (age >= RetryInterval)
            {
                _ = LookUp(tenant);
            }

            return new ValueTask<TenantModel?>(cached.Model);
        }

        return age < _expiration
            ? new ValueTask<TenantModel?>(cached.Model)
            : new ValueTask<TenantModel?>(LookUp(tenant).WaitAsync(cancellationToken));
    }

    /// <summary>Drops the copy, and the answer of a lookup under way: the next caller asks the store anew.</summary>
    public void Invalidate(TenantId tenant)
    {
        lock (_changes)
        {
            _lookups.TryRemove(tenant, out _);
            _cached.TryRemove(tenant, out _);
        }
    }

    private Task<TenantModel?> LookUp(TenantId tenant)
    {
        if (_lookups.TryGetValue(tenant, out var running))
        {
            return running.Value;
        }

        // The lookup removes itself when it ends, and must know itself for that.
        Lazy<Task<TenantModel?>>? lookup = null;
        lookup = new Lazy<Task<TenantModel?>>(() => Task.Run(() => LookUpAsync(tenant, lookup!)));
        return _lookups.GetOrAdd(tenant, lookup).Value;
    }

    private async Task<TenantModel?> LookUpAsync(TenantId tenant, Lazy<Task<TenantModel?>> lookup)
    {
        try
        {
            var config = await AskAsync(tenant);
            NoteRecovery();
            return Keep(tenant, config, lookup);
        }
        catch (TenantStoreUnavailableException exception)
        {
            NoteFailure(exception);
            if (TryKeepStale(tenant, lookup, out var model))
            {
                return model;
            }

            throw;
        }
        finally
        {
            _lookups.TryRemove(KeyValuePair.Create(tenant, lookup));
        }
    }

    private async Task<TenantConfig?> AskAsync(TenantId tenant)
    {
        using var deadline = new CancellationTokenSource(LookupDeadline, _time);
        try
        {
            // WaitAsync as well: the deadline holds for a store that does not look at its token, too.
            return await _store.FindAsync(tenant, deadline.Token).AsTask().WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new TenantStoreUnavailableException(tenant, new TimeoutException($"There was no answer within {LookupDeadline.TotalSeconds} s."));
        }
        catch (Exception exception) when (exception is not TenantStoreUnavailableException)
        {
            throw new TenantStoreUnavailableException(tenant, exception);
        }
    }

    private TenantModel? Keep(TenantId tenant, TenantConfig? config, Lazy<Task<TenantModel?>> lookup)
    {
        var old = _cached.GetValueOrDefault(tenant);
        var model = config is null ? null
            : old is not null && old.Model.Config == config ? old.Model
            : new TenantModel(config);
        lock (_changes)
        {
            if (!IsCurrent(tenant, lookup))
            {
                return model;
            }

            if (model is null)
            {
                _cached.TryRemove(tenant, out _);
            }
            else
            {
                _cached[tenant] = new CachedTenant(model, _time.GetTimestamp(), IsStale: false);
            }
        }

        SweepWhenDue();
        return model;
    }

    private bool TryKeepStale(TenantId tenant, Lazy<Task<TenantModel?>> lookup, [NotNullWhen(true)] out TenantModel? model)
    {
        lock (_changes)
        {
            if (IsCurrent(tenant, lookup) && _cached.TryGetValue(tenant, out var old))
            {
                model = old.Model;
                _cached[tenant] = new CachedTenant(model, _time.GetTimestamp(), IsStale: true);
                return true;
            }
        }

        model = null;
        return false;
    }

    private bool IsCurrent(TenantId tenant, Lazy<Task<TenantModel?>> lookup) =>
        _lookups.TryGetValue(tenant, out var current) && current == lookup;

    private void SweepWhenDue()
    {
        var last = Volatile.Read(ref _lastSweep);
        if (_time.GetElapsedTime(last) < SweepInterval
            || Interlocked.CompareExchange(ref _lastSweep, _time.GetTimestamp(), last) != last)
        {
            return;
        }

        foreach (var pair in _cached)
        {
            if (_time.GetElapsedTime(pair.Value.AskedAt) > UnusedTime + _expiration)
            {
                _cached.TryRemove(pair);
            }
        }
    }

    private void NoteFailure(TenantStoreUnavailableException exception)
    {
        if (Interlocked.Exchange(ref _storeFails, 1) == 0)
        {
            Log.StoreFails(_logger, exception.Message);
        }
    }

    private void NoteRecovery()
    {
        if (Volatile.Read(ref _storeFails) != 0 && Interlocked.Exchange(ref _storeFails, 0) != 0)
        {
            Log.StoreAnswers(_logger);
        }
    }

    /// <param name="Model">The newest known.</param>
    /// <param name="AskedAt">Timestamp of the last answer or failure.</param>
    /// <param name="IsStale">The last question after expiry failed.</param>
    private sealed record CachedTenant(TenantModel Model, long AskedAt, bool IsStale);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Tenants cannot be looked up; known ones are served from old copies until this ends. {Reason}")]
        public static partial void StoreFails(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Information, "Tenants can be looked up again.")]
        public static partial void StoreAnswers(ILogger logger);
    }
}
