namespace Realtime.Cdc.Feeds;

/// <summary>Waits and bounds of the change feeds. The defaults suit production; tests shorten the waits.</summary>
public sealed record FeedSettings
{
    /// <summary>Suffix of the slot name, joined with <c>_</c>; null for none (<c>SLOT_NAME_SUFFIX</c>).</summary>
    public string? SlotNameSuffix { get; init; }

    /// <summary>How long a feed goes on without subscribers. A durable slot is dropped at its end, because nobody is left to read it.</summary>
    public TimeSpan StopAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The same for a feed with a durable slot, which bridges longer absences.</summary>
    public TimeSpan StopDurableAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a registration waits for a feed that is starting.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>First wait before a broken feed connects again; doubles up to <see cref="MaxReconnectWait"/>.</summary>
    public TimeSpan MinReconnectWait { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait before a broken feed connects again.</summary>
    public TimeSpan MaxReconnectWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the published tables, their privileges and the slot are looked at.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a continued durable slot waits after its start for the subscribers of before to come back.</summary>
    public TimeSpan ResumeWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Most of the write-ahead log that a durable slot may hold back while nobody reads it, in bytes.</summary>
    public long MaxRetainedWalBytes { get; init; } = 1L << 30;

    /// <summary>Longest time for one question to row-level security; slower policies are asked apart from the others.</summary>
    public TimeSpan PolicyTimeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The same for policies that are asked apart.</summary>
    public TimeSpan SlowPolicyTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
