using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Channels;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>Has the broadcast service ask the tenants' databases. When that service does not answer, they count as unavailable.</summary>
internal sealed partial class DaprChannelAuthorizer(DaprSettings settings, TimeProvider time, ILogger<DaprChannelAuthorizer> logger)
    : IChannelAuthorizer, IDisposable
{
    // The service itself waits up to 15 s for a first connection.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly InvokedApp _app = new(DaprNames.BroadcastApp, settings, time);

    /// <inheritdoc/>
    public async ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, InternalRoutes.Authorizations)
        {
            Content = JsonContent.Create(request, InternalJson.Default.ChannelAuthorizationRequest),
        };
        try
        {
            return await _app.SendAsync(message, InternalJson.Default.NullableChannelAuthorization, Deadline, cancellationToken)
                ?? throw new HttpRequestException("the broadcast service does not know the route");
        }
        catch (HttpRequestException exception)
        {
            Log.Failed(logger, request.Tenant, exception.Message);
            return new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.DatabaseUnavailable, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _app.Dispose();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The policies of tenant {Tenant} could not be asked: {Reason}")]
        public static partial void Failed(ILogger logger, Contracts.Tenants.TenantId tenant, string reason);
    }
}
