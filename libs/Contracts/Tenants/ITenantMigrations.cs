namespace Realtime.Contracts.Tenants;

/// <summary>Brings a tenant's database to the schema this server needs (tenant-database.md section 11).</summary>
public interface ITenantMigrations
{
    /// <summary>Applies what is missing. Safe to repeat, and to run on several nodes at once.</summary>
    /// <returns>The number of migrations that are in place afterwards: <see cref="Count"/>.</returns>
    ValueTask<int> RunAsync(TenantConfig tenant, CancellationToken cancellationToken);

    /// <summary>Number of migrations this server knows. A tenant with fewer (<c>tenants.migrations_ran</c>) has some pending.</summary>
    int Count { get; }
}
