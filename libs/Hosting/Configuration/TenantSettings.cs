using System.Text;
using System.Text.Json;

namespace Realtime.Hosting.Configuration;

/// <summary>Defaults of new tenants, the tenant cache and the seeded tenant (operations.md 1.2.4 and 1.2.6).</summary>
public sealed record TenantSettings
{
    /// <summary><c>TENANT_MAX_BYTES_PER_SECOND</c>: stored in new tenants, not enforced.</summary>
    public int MaxBytesPerSecond { get; init; } = 100_000;

    /// <summary><c>TENANT_MAX_CHANNELS_PER_CLIENT</c> of new tenants.</summary>
    public int MaxChannelsPerClient { get; init; } = 100;

    /// <summary><c>TENANT_MAX_CONCURRENT_USERS</c> of new tenants.</summary>
    public int MaxConcurrentUsers { get; init; } = 200;

    /// <summary><c>TENANT_MAX_EVENTS_PER_SECOND</c> of new tenants.</summary>
    public int MaxEventsPerSecond { get; init; } = 100;

    /// <summary><c>TENANT_MAX_JOINS_PER_SECOND</c> of new tenants.</summary>
    public int MaxJoinsPerSecond { get; init; } = 100;

    /// <summary><c>CLIENT_PRESENCE_MAX_CALLS</c>: presence calls of one channel per window, for tenants without a value of their own.</summary>
    public int ClientPresenceMaxCalls { get; init; } = 5;

    /// <summary><c>CLIENT_PRESENCE_WINDOW_MS</c>: length of that window.</summary>
    public TimeSpan ClientPresenceWindow { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>TENANT_CACHE_EXPIRATION_IN_MS</c>: how long a change made directly in SQL may stay unseen.</summary>
    public TimeSpan CacheExpiration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>DEFAULT_TENANT</c>, ours: tenant of hosts that name none (no subdomain, or an IP address); null answers "not found".</summary>
    public string? DefaultTenant { get; init; }

    /// <summary><c>SEED_SELF_HOST</c>: create the default tenant at start; only the exact text <c>true</c> turns it on.</summary>
    public bool SeedSelfHost { get; init; }

    /// <summary><c>SELF_HOST_TENANT_NAME</c>: public name of the seeded tenant.</summary>
    public string SelfHostTenantName { get; init; } = "realtime-dev";

    /// <summary><c>API_JWT_JWKS</c>: key set of the seeded tenant, a JSON object; null for none.</summary>
    public string? SelfHostJwks { get; init; }

    /// <summary><c>SLOT_NAME_SUFFIX</c>: distinguishes the replication slots of two deployments on one database.</summary>
    public string? SlotNameSuffix { get; init; }

    internal static TenantSettings Read(SettingsReader reader)
    {
        var jwks = reader.Text("API_JWT_JWKS");
        if (jwks is not null && !IsJsonObject(jwks))
        {
            reader.AddError("env API_JWT_JWKS expected a JSON object such as {\"keys\":[…]}");
        }

        return new TenantSettings
        {
            MaxBytesPerSecond = reader.Number("TENANT_MAX_BYTES_PER_SECOND", 100_000),
            MaxChannelsPerClient = reader.Number("TENANT_MAX_CHANNELS_PER_CLIENT", 100),
            MaxConcurrentUsers = reader.Number("TENANT_MAX_CONCURRENT_USERS", 200),
            MaxEventsPerSecond = reader.Number("TENANT_MAX_EVENTS_PER_SECOND", 100),
            MaxJoinsPerSecond = reader.Number("TENANT_MAX_JOINS_PER_SECOND", 100),
            ClientPresenceMaxCalls = reader.Number("CLIENT_PRESENCE_MAX_CALLS", 5),
            ClientPresenceWindow = reader.Milliseconds("CLIENT_PRESENCE_WINDOW_MS", 30_000),
            CacheExpiration = reader.Milliseconds("TENANT_CACHE_EXPIRATION_IN_MS", 30_000),
            DefaultTenant = reader.Text("DEFAULT_TENANT"),
            SeedSelfHost = reader.Text("SEED_SELF_HOST") == "true",
            SelfHostTenantName = reader.Text("SELF_HOST_TENANT_NAME", "realtime-dev"),
            SelfHostJwks = jwks,
            SlotNameSuffix = reader.Text("SLOT_NAME_SUFFIX"),
        };
    }

    private static bool IsJsonObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("SelfHostTenantName = ").Append(SelfHostTenantName);
        return true;
    }
}
