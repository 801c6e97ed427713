using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Http;

namespace Realtime.Broadcast.Delivery;

/// <summary>Asks the tenant's policies whether a request may send to a private topic (http-api.md 8.4).</summary>
internal sealed partial class WriteCheck(IChannelAuthorizer authorizer, TimeProvider time, ILogger<WriteCheck> logger)
{
    /// <summary>Longest wait for an answer. A database that was never connected to may need seconds.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <summary>Whether the policies grant it, or why nobody knows. Throws only when <paramref name="cancellationToken"/> was cancelled.</summary>
    public async Task<ChannelAuthorization> AskAsync(TenantRequest request, string headersJson, string subTopic, CancellationToken cancellationToken)
    {
        var token = request.Token ?? throw new InvalidOperationException("The route asks for no token.");
        var question = new ChannelAuthorizationRequest(
            request.Tenant.Config.Id,
            subTopic,
            token.Role,
            token.Subject,
            token.ClaimsJson,
            headersJson,
            ChannelPermissions.WriteBroadcast);

        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await authorizer.AuthorizeAsync(question, either.Token).AsTask().WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.DatabaseInitializing, null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, question.Tenant, exception);
            return new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.Failed, null);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "UnableToSetPolicies: {Tenant}: the policies of a private topic could not be checked.")]
        public static partial void Failed(ILogger logger, TenantId tenant, Exception exception);
    }
}
