namespace Realtime.Protocol.Joins;

/// <summary>What a <c>phx_join</c> asks for (protocol.md 3.2), every invalid field replaced by its default.</summary>
public sealed record JoinRequest
{
    /// <summary>The payload has no <c>config</c> at all: changes are derived from the topic (protocol.md 3.9).</summary>
    public bool IsLegacy { get; init; }

    /// <summary>Row-level security decides who reads and writes.</summary>
    public bool IsPrivate { get; init; }

    /// <summary>The sender gets its own broadcasts.</summary>
    public bool ReceivesOwnBroadcasts { get; init; }

    /// <summary>Broadcasts are answered.</summary>
    public bool AcknowledgesBroadcasts { get; init; }

    /// <summary>Wants the message that the replication connection is up.</summary>
    public bool WantsReplicationReady { get; init; }

    /// <summary>The key <c>replay</c> is there, whatever its value.</summary>
    public bool HasReplay { get; init; }

    /// <summary>The value of <c>replay</c> when it is an object; else null.</summary>
    public ReplayRequest? Replay { get; init; }

    /// <summary>Presence was asked for.</summary>
    public bool EnablesPresence { get; init; }

    /// <summary>Presence key; empty when the server is to make one.</summary>
    public string PresenceKey { get; init; } = "";

    /// <summary>Entries of <c>postgres_changes</c>, each one JSON object as sent.</summary>
    public IReadOnlyList<byte[]> PostgresChanges { get; init; } = [];

    /// <summary>Token that replaces the connection's; null for that one (protocol.md 4.1).</summary>
    public string? Token { get; init; }

    /// <summary>Names of fields that were invalid, for the log.</summary>
    public IReadOnlyList<string> InvalidFields { get; init; } = [];
}

/// <summary>Parameters of a replay; both are null when they are no integers (protocol.md 5.7).</summary>
/// <param name="SinceMilliseconds">Unix milliseconds; null when missing or not an integer.</param>
/// <param name="Limit">Number of messages, not clamped yet.</param>
/// <param name="IsValid">Whether both are as they must be.</param>
public sealed record ReplayRequest(long? SinceMilliseconds, long Limit, bool IsValid);
