using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Http;

/// <summary>Gives each request an id, in the answer, the log and the trace (http-api.md 1.3).</summary>
/// <remarks>
/// From the entry of the W3C baggage named by <c>REQUEST_ID_BAGGAGE_KEY</c>, else from <c>x-request-id</c>, else made here. Only
/// printable ASCII is taken from outside, so that nobody forges log lines.
/// </remarks>
internal sealed class RequestIds(RequestDelegate next, NodeSettings settings, ILogger<RequestIds> logger)
{
    public const string HeaderName = "x-request-id";

    private const int MaxLength = 200;
    private const int MinBaggageLength = 10;
    private const int MinHeaderLength = 20;

    public async Task InvokeAsync(HttpContext context)
    {
        var id = FromBaggage(context.Request) ?? FromHeader(context.Request) ?? NewId();
        context.Response.Headers[HeaderName] = id;
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            Activity.Current?.SetTag("request_id", id);
        }

        using (logger.BeginScope(new[] { KeyValuePair.Create<string, object>("request_id", id) }))
        {
            await next(context);
        }
    }

    // baggage = key "=" value *( ";" property ) *( "," … ); of entries with the same key the last one counts.
    private string? FromBaggage(HttpRequest request)
    {
        ReadOnlySpan<char> found = default;
        foreach (var header in request.Headers["baggage"])
        {
            foreach (var range in header.AsSpan().Split(','))
            {
                var entry = header.AsSpan()[range];
                var equals = entry.IndexOf('=');
                if (equals > 0 && entry[..equals].Trim().SequenceEqual(settings.RequestIdBaggageKey))
                {
                    var value = entry[(equals + 1)..];
                    var properties = value.IndexOf(';');
                    found = (properties < 0 ? value : value[..properties]).Trim();
                }
            }
        }

        return PercentEncoding.Decode(found) is { Length: >= MinBaggageLength and <= MaxLength } decoded && IsPrintable(decoded)
            ? Encoding.ASCII.GetString(decoded) : null;
    }

    private static string? FromHeader(HttpRequest request) =>
        request.Headers[HeaderName] is [{ Length: >= MinHeaderLength and <= MaxLength } id] && IsPrintable(Encoding.UTF8.GetBytes(id)) ? id : null;

    private static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(15));

    private static bool IsPrintable(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E);
}
