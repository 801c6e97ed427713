namespace Realtime.Contracts.Tenants;

/// <summary>A tenant's own database cannot be reached, refused the login or a statement, or gave no answer in time.</summary>
/// <remarks>Derived types tell conditions apart that clients see apart. The message names tenant and cause and is free of secrets: operators get to read it.</remarks>
public class TenantDatabaseUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="tenant">Whose database.</param>
    /// <param name="cause">What went wrong, without secrets.</param>
    /// <param name="innerException">The failure itself, for logs.</param>
    public TenantDatabaseUnavailableException(TenantId tenant, string cause, Exception? innerException = null)
        : base($"The database of tenant '{tenant}' is not available: {cause}", innerException) => Tenant = tenant;

    /// <summary>Whose database.</summary>
    public TenantId Tenant { get; }
}
