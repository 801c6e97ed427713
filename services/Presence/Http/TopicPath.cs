using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Realtime.Hosting.Http;

namespace Realtime.Presence.Http;

/// <summary>The topic of <c>/api/presence/{topic}</c>, from the path as it was sent.</summary>
/// <remarks>The server's own decoding leaves <c>%2F</c> as it is, so that afterwards it cannot be told from <c>%252F</c>.</remarks>
internal static class TopicPath
{
    /// <returns>The topic without prefix, or null when the last segment is empty or no percent-encoded UTF-8.</returns>
    public static string? Read(HttpContext http)
    {
        ReadOnlySpan<char> path = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (path.IndexOf('?') is var query and >= 0)
        {
            path = path[..query];
        }

        if (path.EndsWith('/'))
        {
            path = path[..^1];
        }

        return PercentEncoding.Decode(path[(path.LastIndexOf('/') + 1)..]) is { Length: > 0 } topic && Utf8.IsValid(topic)
            ? Encoding.UTF8.GetString(topic)
            : null;
    }
}
