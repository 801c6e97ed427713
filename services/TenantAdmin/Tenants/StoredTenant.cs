using System.Text;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>One row of <c>tenants</c> with its extensions, secrets still encrypted (control-database.md section 3).</summary>
internal sealed record StoredTenant
{
    public required Guid Id { get; init; }

    public required string ExternalId { get; init; }

    public string? Name { get; init; }

    /// <summary>Ciphertext.</summary>
    public string? JwtSecret { get; init; }

    /// <summary>JSON text.</summary>
    public string? JwtJwks { get; init; }

    public string? PostgresCdcDefault { get; init; }

    public required int MaxConcurrentUsers { get; init; }

    public required int MaxEventsPerSecond { get; init; }

    public required int MaxBytesPerSecond { get; init; }

    public required int MaxChannelsPerClient { get; init; }

    public required int MaxJoinsPerSecond { get; init; }

    public int? MaxPresenceEventsPerSecond { get; init; }

    public int? MaxPayloadSizeInKb { get; init; }

    public int? MaxClientPresenceEventsPerWindow { get; init; }

    public int? ClientPresenceWindowMs { get; init; }

    public bool? Suspend { get; init; }

    public required bool PrivateOnly { get; init; }

    public required bool PresenceEnabled { get; init; }

    public string? BroadcastAdapter { get; init; }

    /// <summary>JSON text, an object of flag name to boolean.</summary>
    public required string FeatureFlags { get; init; }

    /// <summary>How many migrations of the tenant's own database are known to be applied.</summary>
    public int? MigrationsRan { get; init; }

    public required DateTime InsertedAt { get; init; }

    public DateTime? GcmMigratedAt { get; init; }

    public IReadOnlyList<StoredExtension> Extensions { get; init; } = [];

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("ExternalId = ").Append(ExternalId);
        return true;
    }
}

/// <summary>One row of <c>extensions</c> (control-database.md section 4).</summary>
/// <param name="Settings">JSON text with the secrets encrypted; normally an object.</param>
internal sealed record StoredExtension(Guid Id, string? Type, string? Settings, DateTime InsertedAt, DateTime UpdatedAt)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Type = ").Append(Type);
        return true;
    }
}
