using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Tokens;

namespace Realtime.Socket.Channels;

/// <summary>Asks the policies of a private topic on behalf of a channel (protocol.md section 12).</summary>
internal sealed partial class ChannelPolicies(SocketNode node)
{
    /// <summary>Longest wait for the policies; the client gives up on a join after 10 s.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(9);

    /// <summary>Evaluates permissions with the claims of a token. A question without an answer in time counts as database unavailable.</summary>
    public async ValueTask<ChannelAuthorization> AskAsync(
        TenantId tenant, string subTopic, VerifiedToken token, string headersJson, ChannelPermissions permissions)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(node.Stopping);
        deadline.CancelAfter(Deadline);
        try
        {
            return await node.Authorizer.AuthorizeAsync(
                new ChannelAuthorizationRequest(tenant, subTopic, token.Role, token.Subject, token.ClaimsJson, headersJson, permissions),
                deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.DatabaseUnavailable, null);
        }
        catch (Exception exception)
        {
            Log.Failed(node.Logger, exception, tenant);
            return new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.Failed, null);
        }
    }

    /// <summary>Decides what a channel may write when that is not known yet; an error leaves it unknown, so that the next message asks again.</summary>
    public async ValueTask DecideWritingAsync(Channel channel)
    {
        var token = channel.Token;
        var authorization = await AskAsync(
            channel.Session.Hub.Tenant, channel.SubTopic, token.Verified, channel.Session.Connection.HeadersJson, ChannelAccess.Writing);
        if (authorization.Error == ChannelAuthorizationError.None && ReferenceEquals(token, channel.Token))
        {
            channel.Access = channel.Access.With(ChannelAccess.Writing, authorization.Granted);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The policies of {Tenant} could not be asked.", EventName = "UnableToSetPolicies")]
        public static partial void Failed(ILogger logger, Exception exception, TenantId tenant);
    }
}
