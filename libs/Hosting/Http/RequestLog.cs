using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Http;

/// <summary>A log line for each answered request: errors of the server as error, of the client as warning (http-api.md 1.4).</summary>
internal sealed partial class RequestLog(RequestDelegate next, NodeSettings settings, TimeProvider time, ILogger<RequestLog> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var isHealthCheck = IsHealthCheck(context.Request.Path);
        if (isHealthCheck && settings.DisableHealthcheckLogging)
        {
            await next(context);
            return;
        }

        // A rewriting middleware or route must not change what is said to have been asked for.
        var (method, path) = (context.Request.Method, context.Request.Path);
        var start = time.GetTimestamp();
        await next(context);

        var status = context.Response.StatusCode;
        var level = isHealthCheck || status < 400 ? LogLevel.Information : status < 500 ? LogLevel.Warning : LogLevel.Error;
        var milliseconds = time.GetElapsedTime(start).TotalMilliseconds;
        Log.Answered(logger, level, method, path, status, milliseconds);
    }

    // /healthcheck and /api/tenants/{id}/health
    private static bool IsHealthCheck(PathString path) =>
        path == "/healthcheck"
        || (path.StartsWithSegments("/api/tenants", StringComparison.Ordinal, out var rest)
            && rest.Value is { } id && id.EndsWith("/health", StringComparison.Ordinal) && id.AsSpan().Count('/') == 2);

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "{Method} {Path}: Sent {Status} in {Milliseconds:0.0} ms")]
        public static partial void Answered(ILogger logger, LogLevel level, string method, PathString path, int status, double milliseconds);
    }
}
