using System.Text;
using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Writes small bodies whole, so that they have a <c>content-length</c>.</summary>
internal static class ResponseBody
{
    public const string Json = "application/json; charset=utf-8";

    public static Task WriteAsync(HttpContext context, int status, string contentType, string text) =>
        WriteAsync(context, status, contentType, Encoding.UTF8.GetBytes(text));

    public static async Task WriteAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
