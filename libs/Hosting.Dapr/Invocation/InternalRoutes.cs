using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>Routes that other services call through their sidecars. No gateway maps them, and they carry secrets.</summary>
public static partial class InternalRoutes
{
    internal const string Tenants = "/internal/tenants";
    internal const string Authorizations = "/internal/authorizations";
    internal const string Replays = "/internal/replays";

    /// <summary>Serves this process's <see cref="ITenantStore"/>: <c>GET /internal/tenants?id=…</c>, with decrypted secrets.</summary>
    public static IEndpointRouteBuilder MapInternalTenants(this IEndpointRouteBuilder routes)
    {
        Guard(routes, routes.MapGet(Tenants, (Delegate)FindTenantAsync));
        return routes;
    }

    /// <summary>Serves this process's <see cref="IChannelAuthorizer"/> and <see cref="IReplayStore"/>.</summary>
    public static IEndpointRouteBuilder MapInternalMessages(this IEndpointRouteBuilder routes)
    {
        Guard(routes, routes.MapPost(Authorizations, (Delegate)AuthorizeAsync));
        Guard(routes, routes.MapPost(Replays, (Delegate)ReplayAsync));
        return routes;
    }

    private static async Task<IResult> FindTenantAsync(HttpContext context)
    {
        if (context.Request.Query["id"] is not [{ } id])
        {
            return Results.BadRequest();
        }

        try
        {
            var tenant = await context.RequestServices.GetRequiredService<ITenantStore>().FindAsync(new TenantId(id), context.RequestAborted);
            return tenant is null ? Results.NotFound() : Results.Json(tenant, InternalJson.Default.TenantConfig);
        }
        catch (TenantStoreUnavailableException exception)
        {
            Log.Unavailable(context.RequestServices.GetRequiredService<ILogger<DaprTenantStore>>(), exception.Message);
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static async Task<IResult> AuthorizeAsync(HttpContext context)
    {
        if (await ReadAsync(context, InternalJson.Default.ChannelAuthorizationRequest) is not { SubTopic: not null, ClaimsJson: not null, HeadersJson: not null } request)
        {
            return Results.BadRequest();
        }

        var answer = await context.RequestServices.GetRequiredService<IChannelAuthorizer>().AuthorizeAsync(request, context.RequestAborted);
        return Results.Json(answer, InternalJson.Default.ChannelAuthorization);
    }

    private static async Task<IResult> ReplayAsync(HttpContext context)
    {
        if (await ReadAsync(context, InternalJson.Default.ReplayRequest) is not { SubTopic: not null } request)
        {
            return Results.BadRequest();
        }

        var answer = await context.RequestServices.GetRequiredService<IReplayStore>().ReplayAsync(request, context.RequestAborted);
        return Results.Json(answer, InternalJson.Default.ReplayResult);
    }

    /// <returns>Null for a body that is no JSON of that type.</returns>
    private static async Task<T?> ReadAsync<T>(HttpContext context, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Guard(IEndpointRouteBuilder routes, RouteHandlerBuilder route)
    {
        var settings = routes.ServiceProvider.GetRequiredService<DaprSettings>();
        if (settings.AppApiToken is null)
        {
            Log.Unguarded(routes.ServiceProvider.GetRequiredService<ILogger<AppTokenFilter>>());
        }

        route.AddEndpointFilter(new AppTokenFilter(settings));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Reason}")]
        public static partial void Unavailable(ILogger logger, string reason);

        [LoggerMessage(2, LogLevel.Warning,
            "APP_API_TOKEN is not set: whoever reaches this port can use internal routes and read secrets. Set it for the service and its sidecar.")]
        public static partial void Unguarded(ILogger logger);
    }
}
