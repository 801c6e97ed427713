using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Requests below <c>/socket/</c> have answers of their own (http-api.md section 15): nothing is added to them.</summary>
internal static class SocketPath
{
    public static bool IsElsewhere(HttpContext context) => !context.Request.Path.StartsWithSegments("/socket", StringComparison.Ordinal);
}
