namespace Realtime.Contracts.Tenants;

/// <summary>
/// The store of tenants could not be asked: control database or tenant-admin service unreachable, or no answer in time. Also when the
/// stored settings of this tenant cannot be decrypted or understood.
/// </summary>
public sealed class TenantStoreUnavailableException : Exception
{
    /// <summary>Creates the exception for one tenant.</summary>
    public TenantStoreUnavailableException(TenantId tenant, Exception innerException)
        : base($"The store of tenants could not be asked for '{tenant}': {innerException?.Message}", innerException) { }
}
