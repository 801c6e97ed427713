using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Routes HEAD as GET (http-api.md 1.6). The server remembers the method it read and drops the body by itself.</summary>
internal static class HeadAsGet
{
    public static Task Invoke(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    }
}
