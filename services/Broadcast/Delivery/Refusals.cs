using Realtime.Contracts.Channels;
using Realtime.Hosting.Http;

namespace Realtime.Broadcast.Delivery;

/// <summary>The literal answers of both routes (http-api.md 8.1.3 and 8.2).</summary>
internal static class Refusals
{
    public static readonly MessageResult Suspended = MessageResult.Message(StatusCodes.Status403Forbidden, "Tenant is suspended");
    public static readonly MessageResult RateExceeded = MessageResult.Message(StatusCodes.Status429TooManyRequests, "You have exceeded your rate limit");
    public static readonly MessageResult BatchTooLarge = MessageResult.Message(
        StatusCodes.Status429TooManyRequests, "Too many messages to broadcast, please reduce the batch size");
    public static readonly MessageResult UnsupportedMediaType = MessageResult.Error(
        StatusCodes.Status415UnsupportedMediaType, "Unsupported Media Type. Use application/json or application/octet-stream");
    public static readonly MessageResult Denied = MessageResult.Message(StatusCodes.Status403Forbidden, "Unauthorized");

    private static readonly MessageResult PolicyError = Unprocessable("RLS policy error");
    private static readonly MessageResult QueryCanceled = Unprocessable("Query canceled");
    private static readonly MessageResult MissingPartition = Unprocessable("Missing messages partition");
    private static readonly MessageResult DatabaseUnavailable = Unprocessable("Tenant database unavailable");
    private static readonly MessageResult DatabaseInitializing = Unprocessable("Tenant database initializing");
    private static readonly MessageResult TooManyConnections = Unprocessable("Tenant database has too many connections");
    private static readonly MessageResult ConnectRateLimited = Unprocessable("Connect rate limit reached");
    private static readonly MessageResult PoolExhausted = MessageResult.Message(StatusCodes.Status429TooManyRequests, "Connection pool exhausted");
    private static readonly MessageResult Failed = MessageResult.Message(StatusCodes.Status500InternalServerError, "Unable to authorize broadcast");

    /// <summary>The answer to a write check that did not grant.</summary>
    public static MessageResult Of(ChannelAuthorizationError error) => error switch
    {
        ChannelAuthorizationError.None => Denied,
        ChannelAuthorizationError.PolicyError => PolicyError,
        ChannelAuthorizationError.QueryCanceled => QueryCanceled,
        ChannelAuthorizationError.MissingPartition => MissingPartition,
        ChannelAuthorizationError.DatabaseUnavailable => DatabaseUnavailable,
        ChannelAuthorizationError.DatabaseInitializing => DatabaseInitializing,
        ChannelAuthorizationError.TooManyConnections => TooManyConnections,
        ChannelAuthorizationError.ConnectRateLimited => ConnectRateLimited,
        ChannelAuthorizationError.PoolExhausted => PoolExhausted,
        _ => Failed,
    };

    private static MessageResult Unprocessable(string text) => MessageResult.Message(StatusCodes.Status422UnprocessableEntity, text);
}
