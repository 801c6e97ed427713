using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Presence;
using Realtime.Hosting.Http;
using Realtime.Hosting.InProcess;
using Realtime.Presence.Directory;
using Realtime.Presence.Http;

namespace Realtime.Presence;

/// <summary>The presence service: who is present on which topic, across all socket nodes.</summary>
public static class PresenceService
{
    /// <summary>Registers the service with the directory of one process.</summary>
    /// <remarks>Needs what <see cref="RealtimeHosting"/> registers and an <see cref="Contracts.Nodes.INodeBus"/>.</remarks>
    public static WebApplicationBuilder AddPresence(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IPresenceDirectory, LocalPresenceDirectory>().AddSingleton<ReadCheck>();
        builder.Services.TryAddSingleton<IChannelAuthorizer, UnavailableChannelAuthorizer>();
        return builder;
    }

    /// <summary>Maps <c>GET /api/presence/{topic}</c>, with its preflight.</summary>
    public static IEndpointRouteBuilder MapPresence(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/presence/{topic}", PresenceEndpoint.HandleAsync)
            .RequireCors(AnyOrigin)
            .RequireJsonAccepted()
            .RequireTenant()
            .RequireTenantToken();
        return routes;
    }

    // Any page may ask, because only a token of the tenant lets it. Without credentials: no cookie is ever read.
    private static void AnyOrigin(CorsPolicyBuilder policy) => policy
        .AllowAnyOrigin()
        .AllowAnyHeader()
        .WithMethods(HttpMethods.Get, HttpMethods.Options)
        .SetPreflightMaxAge(TimeSpan.FromHours(2));
}
