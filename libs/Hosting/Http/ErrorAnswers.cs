using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.Http;

/// <summary>Answers what no route answered: unknown paths and methods with 404, failures with 500 and one log line (http-api.md 1.8).</summary>
internal sealed partial class ErrorAnswers(RequestDelegate next, ILogger<ErrorAnswers> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        int status;
        try
        {
            await next(context);
            if (context.Response.HasStarted || IsAnswered(context))
            {
                return;
            }

            status = StatusCodes.Status404NotFound;
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            if (context.RequestAborted.IsCancellationRequested)
            {
                // The client left: there is nobody to tell and nothing to mend. The status is for the log.
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return;
            }

            status = StatusOf(exception);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                Log.ServerError(logger, context.Request.Method, context.Request.Path, exception);
            }
        }

        context.Response.Headers.Remove("Allow");
        await ReasonPhrase.WriteAsync(context, status);
    }

    // Routing answers an unknown method of a known path with 405; to clients that is an unknown path.
    private static bool IsAnswered(HttpContext context) => context.GetEndpoint() is not null
        ? context.Response.StatusCode != StatusCodes.Status405MethodNotAllowed
        : context.Response.StatusCode != StatusCodes.Status404NotFound;

    private static int StatusOf(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: var status } => status,
        TenantStoreUnavailableException => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "HttpServerError: {Method} {Path} failed.")]
        public static partial void ServerError(ILogger logger, string method, string path, Exception exception);
    }
}
