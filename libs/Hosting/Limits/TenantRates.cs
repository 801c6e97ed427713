namespace Realtime.Hosting.Limits;

/// <summary>The live rates of one tenant on this node (protocol.md section 8).</summary>
/// <remarks>Ask <see cref="TenantRateBook"/> for each use: a limiter whose configured limit changes is replaced by a new one.</remarks>
public sealed record TenantRates
{
    /// <summary>Messages sent and delivered.</summary>
    public required RateLimit Events { get; init; }

    /// <summary>Join attempts.</summary>
    public required RateLimit Joins { get; init; }

    /// <summary>Presence events.</summary>
    public required RateLimit PresenceEvents { get; init; }

    /// <summary>Database changes times their subscriptions; has the limit of <see cref="Events"/>.</summary>
    public required RateLimit DatabaseEvents { get; init; }

    /// <summary>Requests to the tenant's HTTP routes.</summary>
    public required RollingRate HttpRequests { get; init; }
}
