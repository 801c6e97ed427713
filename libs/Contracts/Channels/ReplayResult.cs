namespace Realtime.Contracts.Channels;

/// <summary>The answer of <see cref="IReplayStore"/>.</summary>
/// <param name="Messages">Oldest first; empty when there is an error.</param>
/// <param name="Error">Why there are none.</param>
/// <param name="Detail">The database's own words for the server log and for "query canceled"; null when there are none.</param>
public readonly record struct ReplayResult(IReadOnlyList<StoredBroadcast> Messages, ReplayError Error, string? Detail);

/// <summary>Why stored broadcasts could not be read.</summary>
public enum ReplayError
{
    /// <summary>They were.</summary>
    None,

    /// <summary>The query ran longer than 5 s.</summary>
    QueryCanceled,

    /// <summary>Anything else: database unreachable, no free connection, table missing.</summary>
    Failed,
}
