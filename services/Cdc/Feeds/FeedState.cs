namespace Realtime.Cdc.Feeds;

/// <summary>What a feed is doing.</summary>
internal enum FeedStateKind
{
    /// <summary>Nobody uses it.</summary>
    Stopped,

    /// <summary>It connects.</summary>
    Starting,

    /// <summary>Changes are read.</summary>
    Running,

    /// <summary>The last attempt failed; the next follows.</summary>
    Failed,
}

/// <summary>What a feed is doing, replaced whole.</summary>
/// <param name="Kind">What.</param>
/// <param name="IsPrepared">Whether the schema that broadcasts need was made ready.</param>
/// <param name="HasBroadcasts">Whether the stream has them.</param>
/// <param name="Message">Why the last attempt failed, for clients.</param>
internal sealed record FeedState(FeedStateKind Kind, bool IsPrepared = false, bool HasBroadcasts = false, string? Message = null)
{
    public static FeedState Stopped { get; } = new(FeedStateKind.Stopped);
}
