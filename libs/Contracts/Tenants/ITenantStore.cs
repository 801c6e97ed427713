namespace Realtime.Contracts.Tenants;

/// <summary>Finds tenants by their public name.</summary>
/// <remarks>
/// Reads what is stored, without a cache. Throws <see cref="TenantStoreUnavailableException"/> when it cannot be asked, or when what is
/// stored of this one tenant cannot be read, for instance for want of an encryption key.
/// </remarks>
public interface ITenantStore
{
    /// <returns>The tenant, or null when there is none of that name.</returns>
    ValueTask<TenantConfig?> FindAsync(TenantId tenant, CancellationToken cancellationToken);
}
