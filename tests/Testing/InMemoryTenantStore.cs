using System.Collections.Concurrent;
using Realtime.Contracts.Tenants;

namespace Realtime.Testing;

/// <summary>Tenants of a test. Can be made to fail like a control database that is down.</summary>
public sealed class InMemoryTenantStore : ITenantStore
{
    private readonly ConcurrentDictionary<TenantId, TenantConfig> _tenants = new();
    private int _lookups;

    /// <summary>When set, every lookup fails.</summary>
    public bool IsDown { get; set; }

    /// <summary>Number of lookups so far.</summary>
    public int Lookups => Volatile.Read(ref _lookups);

    /// <summary>Adds or replaces a tenant.</summary>
    public TenantConfig Put(TenantConfig tenant) => _tenants[tenant.Id] = tenant;

    /// <summary>Removes a tenant.</summary>
    public void Remove(TenantId tenant) => _tenants.TryRemove(tenant, out _);

    /// <inheritdoc/>
    public ValueTask<TenantConfig?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lookups);
        return IsDown
            ? throw new TenantStoreUnavailableException(tenant, new IOException("the store is down"))
            : ValueTask.FromResult(_tenants.GetValueOrDefault(tenant));
    }
}
