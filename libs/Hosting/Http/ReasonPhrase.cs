using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>The generic error answer: the reason phrase, as JSON text for clients that want JSON, else bare (http-api.md 1.8).</summary>
internal static class ReasonPhrase
{
    /// <summary>Answers with a status and its phrase. The response must not have started.</summary>
    public static Task WriteAsync(HttpContext context, int status)
    {
        var phrase = Of(status);
        return WantsJson(context)
            ? ResponseBody.WriteAsync(context, status, ResponseBody.Json, $"\"{phrase}\"")
            : ResponseBody.WriteAsync(context, status, "text/html; charset=utf-8", phrase);
    }

    private static string Of(int status) => status switch
    {
        StatusCodes.Status400BadRequest => "Bad Request",
        StatusCodes.Status404NotFound => "Not Found",
        StatusCodes.Status406NotAcceptable => "Not Acceptable",
        StatusCodes.Status408RequestTimeout => "Request Timeout",
        StatusCodes.Status413PayloadTooLarge => "Request Entity Too Large",
        StatusCodes.Status500InternalServerError => "Internal Server Error",
        StatusCodes.Status503ServiceUnavailable => "Service Unavailable",
        _ => status < 500 ? "Bad Request" : "Internal Server Error",
    };

    private static bool WantsJson(HttpContext context)
    {
        if (context.Features.Get<JsonAccepted>() is not null)
        {
            return true;
        }

        var accept = AcceptHeader.Read(context.Request);
        return accept.HasJson && !accept.HasAny;
    }
}
