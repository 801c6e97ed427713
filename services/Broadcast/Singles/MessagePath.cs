using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Realtime.Hosting.Http;

namespace Realtime.Broadcast.Singles;

/// <summary>Topic and event of <c>/api/broadcast/{topic}/events/{event}</c>, from the path as it was sent.</summary>
/// <remarks>The server's own decoding leaves <c>%2F</c> as it is, so that afterwards it cannot be told from <c>%252F</c>.</remarks>
internal readonly record struct MessagePath(string SubTopic, string Event)
{
    /// <returns>Null when a segment is no percent-encoded UTF-8, or dots have moved the segments.</returns>
    public static MessagePath? Read(HttpContext http)
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

        return TakeLast(ref path) is { } userEvent
            && TakeLast(ref path) is "events"
            && TakeLast(ref path) is { } topic ? new MessagePath(topic, userEvent) : null;
    }

    private static string? TakeLast(ref ReadOnlySpan<char> path)
    {
        var slash = path.LastIndexOf('/');
        if (slash < 0)
        {
            return null;
        }

        var segment = PercentEncoding.Decode(path[(slash + 1)..]);
        path = path[..slash];
        return segment is not null && Utf8.IsValid(segment) ? Encoding.UTF8.GetString(segment) : null;
    }
}
