using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Realtime.Hosting.Http;

/// <summary>Routes that say whether somebody is there (http-api.md sections 9 and 10).</summary>
public static class ProbeEndpoints
{
    /// <summary><c>GET /healthcheck</c>: the listener runs.</summary>
    public static IEndpointRouteBuilder MapHealthcheck(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthcheck", static context => ResponseBody.WriteAsync(
            context, StatusCodes.Status200OK, "text/plain; charset=utf-8", "ok"));
        return routes;
    }

    /// <summary><c>GET /api/ping</c>: the tenant of this host exists, and how much of its request rate is used.</summary>
    public static IEndpointRouteBuilder MapPing(this IEndpointRouteBuilder routes)
    {
        var success = MessageResult.Message(StatusCodes.Status200OK, "Success");
        routes.MapGet("/api/ping", () => success).RequireJsonAccepted().RequireTenant();
        return routes;
    }
}
