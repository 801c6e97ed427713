using System.Net.Http.Json;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Channels;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>Has the broadcast service read stored messages.</summary>
internal sealed partial class DaprReplayStore(DaprSettings settings, TimeProvider time, ILogger<DaprReplayStore> logger) : IReplayStore, IDisposable
{
    // The query itself may take 5 s, after a wait for a connection.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly InvokedApp _app = new(DaprNames.BroadcastApp, settings, time);

    /// <inheritdoc/>
    public async ValueTask<ReplayResult> ReplayAsync(ReplayRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, InternalRoutes.Replays)
        {
            Content = JsonContent.Create(request, InternalJson.Default.ReplayRequest),
        };
        try
        {
            return await _app.SendAsync(message, InternalJson.Default.NullableReplayResult, Deadline, cancellationToken) is { Messages: not null } result
                ? result
                : throw new HttpRequestException("the broadcast service does not know the route");
        }
        catch (HttpRequestException exception)
        {
            Log.Failed(logger, request.Tenant, exception.Message);
            return new ReplayResult([], ReplayError.Failed, null);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _app.Dispose();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Stored messages of tenant {Tenant} could not be read: {Reason}")]
        public static partial void Failed(ILogger logger, Contracts.Tenants.TenantId tenant, string reason);
    }
}
