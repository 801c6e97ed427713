using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Realtime.Broadcast.Batches;
using Realtime.Broadcast.Delivery;
using Realtime.Broadcast.Singles;
using Realtime.Contracts.Channels;
using Realtime.Hosting.Http;
using Realtime.Hosting.InProcess;

namespace Realtime.Broadcast;

/// <summary>The HTTP broadcast API (http-api.md section 8).</summary>
/// <remarks>
/// Needs what <see cref="RealtimeHosting"/> registers, an <see cref="Contracts.Tenants.ITenantStore"/> and an
/// <see cref="Contracts.Nodes.INodeBus"/>. Private messages need an <see cref="IChannelAuthorizer"/>; without one they are answered
/// as if the tenant's database were unavailable.
/// </remarks>
public static class BroadcastService
{
    /// <summary>Registers the service.</summary>
    public static TBuilder AddBroadcast<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddSingleton<Broadcaster>().AddSingleton<WriteCheck>();
        builder.Services.TryAddSingleton<IChannelAuthorizer, UnavailableChannelAuthorizer>();
        return builder;
    }

    /// <summary>Maps <c>POST /api/broadcast</c> and <c>POST /api/broadcast/{topic}/events/{event}</c>, with their preflights.</summary>
    public static IEndpointRouteBuilder MapBroadcast(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/broadcast", BatchEndpoint.HandleAsync)
            .WithRequestBody()
            .RequireCors(AnyOrigin)
            .RequireJsonAccepted()
            .RequireTenant()
            .RequireTenantToken();
        routes.MapPost("/api/broadcast/{topic}/events/{event}", SingleEndpoint.HandleAsync)
            .WithRequestBody()
            .RequireCors(AnyOrigin)
            .RequireJsonAccepted()
            .AddEndpointFilter(new ContentTypeFilter())
            .RequireTenant()
            .RequireTenantToken();
        return routes;
    }

    // Any page may send, because only a token of the tenant lets it. Without credentials: no cookie is ever read.
    private static void AnyOrigin(CorsPolicyBuilder policy) => policy
        .AllowAnyOrigin()
        .AllowAnyHeader()
        .WithMethods(HttpMethods.Post, HttpMethods.Options)
        .SetPreflightMaxAge(TimeSpan.FromHours(2));
}
