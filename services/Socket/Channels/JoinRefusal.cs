using Realtime.Contracts.Channels;
using Realtime.Hosting.Tokens;
using Realtime.Protocol.WebSockets;

namespace Realtime.Socket.Channels;

/// <summary>Why a join is refused (protocol.md 9.2).</summary>
/// <param name="Reason">The literal text of the reply.</param>
/// <param name="CloseCode">Close code of the whole socket after the reply; 0 leaves it open.</param>
internal sealed record JoinRefusal(string Reason, ushort CloseCode = 0)
{
    public static readonly JoinRefusal TopicNameRequired = new("TopicNameRequired: You must provide a topic name");
    public static readonly JoinRefusal Restarting = new("RealtimeRestarting: Realtime is restarting, please standby");
    public static readonly JoinRefusal TenantNotFound = new("TenantNotFound: Tenant with the given ID does not exist", Protocol.WebSockets.CloseCode.GoingAway);
    public static readonly JoinRefusal PrivateOnly = new("PrivateOnly: This project only allows private channels");
    public static readonly JoinRefusal TooManyUsers = new("ConnectionRateLimitReached: Too many connected users");
    public static readonly JoinRefusal TooManyJoins = new("ClientJoinRateLimitReached: Too many joins per second", Protocol.WebSockets.CloseCode.GoingAway);
    public static readonly JoinRefusal TooManyChannels = new("ChannelRateLimitReached: Too many channels");
    public static readonly JoinRefusal Suspended = new("RealtimeDisabledForTenant: Realtime disabled for this tenant");
    public static readonly JoinRefusal ReplayOnPublicChannel = new("UnableToReplayMessages: Replay is not allowed for public channels");
    public static readonly JoinRefusal InvalidReplay = new("UnableToReplayMessages: Replay params are not valid");
    public static readonly JoinRefusal ReplayFailed = new("UnableToReplayMessages: Realtime was unable to replay messages");
    public static readonly JoinRefusal Crashed = new("join crashed");

    /// <summary>The code at the start of the reason, for metrics and logs.</summary>
    public string Code => Reason.IndexOf(':', StringComparison.Ordinal) is var end and > 0 ? Reason[..end] : "UnknownErrorOnChannel";

    /// <summary>A payload that is not what a join needs.</summary>
    public static JoinRefusal Unreadable(string error) => new($"UnknownErrorOnChannel: {error}");

    /// <summary>A token that was refused.</summary>
    public static JoinRefusal Token(TokenFailure failure) => new(failure.JoinReason);

    /// <summary>No read permission, an erroring policy or an unknown role.</summary>
    public static JoinRefusal Unauthorized(string subTopic) =>
        new($"Unauthorized: You do not have permissions to read from this Channel topic: {subTopic}");

    /// <summary>A query about the topic ran too long.</summary>
    public static JoinRefusal QueryCanceled(string? detail) => new($"QueryCanceled: {detail}");

    /// <summary>The database could not be asked about a private channel.</summary>
    public static JoinRefusal Authorization(ChannelAuthorization authorization, string subTopic) => authorization.Error switch
    {
        ChannelAuthorizationError.None or ChannelAuthorizationError.PolicyError => Unauthorized(subTopic),
        ChannelAuthorizationError.QueryCanceled => QueryCanceled(authorization.Detail),
        ChannelAuthorizationError.MissingPartition => new("MissingPartition: Realtime was unable to find the expected messages partition"),
        ChannelAuthorizationError.DatabaseUnavailable => new("UnableToConnectToProject: Realtime was unable to connect to the project database"),
        ChannelAuthorizationError.DatabaseInitializing => new("InitializingProjectConnection: Realtime is initializing the project connection"),
        ChannelAuthorizationError.TooManyConnections =>
            new("DatabaseLackOfConnections: Database can't accept more connections, Realtime won't connect"),
        ChannelAuthorizationError.ConnectRateLimited =>
            new("DatabaseConnectionRateLimitReached: Too many database connections attempts per second"),
        ChannelAuthorizationError.PoolExhausted => new("IncreaseConnectionPool: Please increase your connection pool size"),
        _ => new("Realtime was unable to connect to the project database"),
    };
}
