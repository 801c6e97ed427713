using Microsoft.Extensions.DependencyInjection.Extensions;
using Realtime.Hosting.Configuration;
using Realtime.Socket.Changes;
using Realtime.Socket.Fanout;
using Realtime.Socket.Handshake;
using Realtime.Socket.Lifecycle;
using Realtime.Socket.Presence;

namespace Realtime.Socket;

/// <summary>The socket service: WebSocket connections, their channels, fan-out to them.</summary>
public static class SocketService
{
    /// <summary>Registers the service. The host registers the ports of <c>Realtime.Contracts</c>.</summary>
    public static WebApplicationBuilder AddSocket(this WebApplicationBuilder builder, RealtimeSettings settings)
    {
        var services = builder.Services;
        services.TryAddSingleton(settings.Socket);
        services.TryAddSingleton(settings.Tenants);
        services.AddSingleton<SocketMetrics>();
        services.AddSingleton<TenantHubs>();
        services.AddSingleton<FanoutDelivery>();
        services.AddSingleton<ChangeFanout>();
        services.AddSingleton<DeadlineWheel>();
        services.AddSingleton<SocketNode>();
        services.AddSingleton<SocketEndpoint>();
        services.AddHostedService<NodeBusReceiver>();
        services.AddHostedService<PresenceRenewals>();
        services.AddHostedService<SessionSweep>();
        services.AddHostedService<ShutdownDrain>();
        return builder;
    }

    /// <summary>Maps <c>/socket/websocket</c>, all methods: a wrong one gets the answer of protocol.md 1.1.</summary>
    public static IEndpointRouteBuilder MapSocket(this IEndpointRouteBuilder routes)
    {
        var endpoint = routes.ServiceProvider.GetRequiredService<SocketEndpoint>();
        routes.Map("/socket/websocket", endpoint.HandleAsync);
        return routes;
    }
}
