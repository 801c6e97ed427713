namespace Realtime.Contracts.Channels;

/// <summary>Why a policy check has no answer (http-api.md 8.2).</summary>
public enum ChannelAuthorizationError
{
    /// <summary>It has one.</summary>
    None,

    /// <summary>An error inside a policy, or a role that cannot be taken.</summary>
    PolicyError,

    /// <summary>The database cancelled the statement.</summary>
    QueryCanceled,

    /// <summary><c>realtime.messages</c> has no partition for today.</summary>
    MissingPartition,

    /// <summary>The database cannot be reached, or the tenant has none.</summary>
    DatabaseUnavailable,

    /// <summary>The first connection was not ready in time.</summary>
    DatabaseInitializing,

    /// <summary>The database has too few free connections.</summary>
    TooManyConnections,

    /// <summary>Too many connection attempts failed lately.</summary>
    ConnectRateLimited,

    /// <summary>No pooled connection became free in time.</summary>
    PoolExhausted,

    /// <summary>Anything else.</summary>
    Failed,
}
