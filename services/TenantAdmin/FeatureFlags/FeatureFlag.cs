using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Realtime.TenantAdmin.FeatureFlags;

/// <summary>A switch with an optional gradual rollout (control-database.md section 13).</summary>
/// <param name="RolloutPercentage">Share of tenants, 0 to 100, for which an enabled flag is on.</param>
/// <param name="BucketKey">Flags with one key roll out to the same tenants; null means the flag's own name.</param>
internal sealed record FeatureFlag(string Name, bool Enabled, int RolloutPercentage, string? BucketKey)
{
    /// <summary>Whether the flag is on for a tenant.</summary>
    /// <param name="externalId">Who asks.</param>
    /// <param name="tenantOverride">The tenant's own value for this flag; it beats even a disabled flag.</param>
    public bool IsOnFor(string externalId, bool? tenantOverride) =>
        tenantOverride ?? (Enabled && Bucket(externalId, BucketKey ?? Name) < RolloutPercentage);

    // Any stable, well spread number of 0 to 99: raising the percentage only adds tenants.
    private static int Bucket(string externalId, string key)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{externalId}\0{key}"));
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % 100);
    }
}
