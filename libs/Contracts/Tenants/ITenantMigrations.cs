namespace Realtime.Contracts.Tenants;

/// <summary>Brings the <c>realtime</c> schema of a tenant's database up to date (tenant-database.md section 11).</summary>
public interface ITenantMigrations
{
    /// <summary>How many migrations there are; a tenant with fewer applied is behind.</summary>
    int Count { get; }

    /// <summary>Applies what is missing; concurrent runs for one database wait for each other.</summary>
    /// <returns>How many migrations are applied in total.</returns>
    ValueTask<int> RunAsync(TenantConfig tenant, CancellationToken cancellationToken);
}
