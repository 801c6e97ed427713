using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Http;

namespace Realtime.Presence.Http;

/// <summary>Asks the tenant's policies whether a request may see who is present on a private topic (protocol.md section 12).</summary>
internal sealed partial class ReadCheck(IChannelAuthorizer authorizer, TimeProvider time, ILogger<ReadCheck> logger)
{
    /// <summary>Longest wait for an answer. A database that was never connected to may need seconds.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(15);

    /// <returns>Null when it may, else the answer to the request.</returns>
    public async Task<IResult?> RefuseAsync(TenantRequest request, string headersJson, string subTopic, CancellationToken cancellationToken)
    {
        var token = request.Token ?? throw new InvalidOperationException("The route asks for no token.");
        var tenant = request.Tenant.Config.Id;
        var question = new ChannelAuthorizationRequest(
            tenant, subTopic, token.Role, token.Subject, token.ClaimsJson, headersJson, ChannelPermissions.ReadPresence);
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        ChannelAuthorization answer;
        try
        {
            answer = await authorizer.AuthorizeAsync(question, either.Token).AsTask().WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            answer = new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.DatabaseInitializing, null);
        }

        if (answer.Granted.HasFlag(ChannelPermissions.ReadPresence))
        {
            return null;
        }

        Log.Refused(logger, tenant, answer.Error, answer.Detail);
        return answer.Error is ChannelAuthorizationError.None or ChannelAuthorizationError.PolicyError
            ? PresenceEndpoint.Denied
            : PresenceEndpoint.DatabaseUnavailable;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Reading the presence of a private topic of {Tenant} refused: {Error}. {Detail}")]
        public static partial void Refused(ILogger logger, TenantId tenant, ChannelAuthorizationError error, string? detail);
    }
}
