using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Headers of every response (http-api.md 1.9). A route that has other ones overwrites them.</summary>
internal static class ResponseDefaults
{
    public static Task Invoke(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.CacheControl = "max-age=0, private, must-revalidate";
        context.Response.Headers.Vary = "accept-encoding";
        return next(context);
    }
}
