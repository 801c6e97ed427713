namespace Realtime.Contracts.Tenants;

/// <summary>Quotas and rates of one tenant (protocol.md section 8). There are no range checks: zero refuses everything.</summary>
public sealed record TenantLimits
{
    /// <summary>Sockets with at least one successful join, cluster-wide.</summary>
    public int MaxConcurrentUsers { get; init; } = 200;

    /// <summary>Messages sent and delivered per second; also HTTP requests and database changes.</summary>
    public int MaxEventsPerSecond { get; init; } = 100;

    /// <summary>Join attempts per second.</summary>
    public int MaxJoinsPerSecond { get; init; } = 100;

    /// <summary>Live channels of one socket.</summary>
    public int MaxChannelsPerClient { get; init; } = 100;

    /// <summary>Presence events per second.</summary>
    public int MaxPresenceEventsPerSecond { get; init; } = 1000;

    /// <summary>Largest payload, in units of 1000 bytes.</summary>
    public int MaxPayloadKilobytes { get; init; } = 3000;

    /// <summary>Presence calls of one channel per <see cref="ClientPresenceWindow"/>; null means the server's default.</summary>
    public int? MaxClientPresenceCalls { get; init; }

    /// <summary>Length of the presence call window; null means the server's default.</summary>
    public TimeSpan? ClientPresenceWindow { get; init; }

    /// <summary>Largest measured payload that passes, in bytes (protocol.md 5.4).</summary>
    public long MaxPayloadBytes => (MaxPayloadKilobytes * 1000L) + 500;
}
