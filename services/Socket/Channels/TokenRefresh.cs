using Realtime.Contracts.Channels;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Channels;

/// <summary>Gives a channel a new token (protocol.md 4.3). There is never a reply: it works, or the channel is shut down.</summary>
internal sealed class TokenRefresh(SocketNode node)
{
    /// <summary>Verifies the token, asks the policies of a private topic anew, and puts it into force.</summary>
    public async Task RunAsync(Channel channel, string text)
    {
        var channels = channel.Session.Channels;
        var result = node.Tokens.VerifyForChannel(text, channel.Session.Connection.Keys);
        if (result.Failure is { } failure)
        {
            channels.ShutDown(channel, failure.SystemMessage);
            return;
        }

        var token = ChannelToken.Create(text, result.Token!);
        if (!channel.IsPrivate)
        {
            channels.Renew(channel, token, ChannelAccess.Public);
            return;
        }

        var asked = channel.Access.Evaluated & ChannelAccess.Reading;
        var authorization = await node.Policies.AskAsync(
            channel.Session.Hub.Tenant, channel.SubTopic, token.Verified, channel.Session.Connection.HeadersJson, asked);
        var access = new ChannelAccess(asked, authorization.Granted & asked);
        if (Refusal(channel, authorization, access) is { } message)
        {
            channels.ShutDown(channel, message);
        }
        else
        {
            channels.Renew(channel, token, access);
        }
    }

    private static string? Refusal(Channel channel, ChannelAuthorization authorization, ChannelAccess access) => authorization.Error switch
    {
        ChannelAuthorizationError.None or ChannelAuthorizationError.PolicyError => Lost(channel, access),
        ChannelAuthorizationError.QueryCanceled => "Query was cancelled, please try again",
        ChannelAuthorizationError.PoolExhausted => ":increase_connection_pool",
        ChannelAuthorizationError.DatabaseInitializing => ":initializing",
        ChannelAuthorizationError.TooManyConnections => ":tenant_db_too_many_connections",
        ChannelAuthorizationError.ConnectRateLimited => ":connect_rate_limit_reached",
        _ => "Realtime was unable to connect to the project database",
    };

    private static string? Lost(Channel channel, ChannelAccess access)
    {
        var before = channel.Access.Granted & ChannelAccess.Reading;
        if ((access.Granted & ChannelAccess.Reading) == 0)
        {
            return $"You do not have permissions to read from this Channel topic: {channel.SubTopic}";
        }

        return (before & ~access.Granted) != 0 ? $"You no longer have permission to read from this Channel topic: {channel.SubTopic}" : null;
    }
}
