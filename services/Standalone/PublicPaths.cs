namespace Realtime.Standalone;

/// <summary>Accepts the public paths of a Supabase project, <c>/realtime/v1/…</c>, which a gateway maps elsewhere (http-api.md section 16).</summary>
/// <remarks>So <c>createClient("http://&lt;tenant&gt;.localhost:4000", …)</c> works without a gateway in front.</remarks>
internal static class PublicPaths
{
    private static readonly PathString Prefix = "/realtime/v1";

    /// <summary>Rewrites the path before routing; the management API stays reachable under its own path only.</summary>
    public static IApplicationBuilder UsePublicPaths(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments(Prefix, StringComparison.Ordinal, out var rest))
        {
            context.Request.Path = Map(rest) ?? context.Request.Path;
        }

        return next(context);
    });

    private static PathString? Map(PathString rest)
    {
        if (rest == "/websocket" || rest == "/websocket/")
        {
            return "/socket/websocket";
        }

        return rest.StartsWithSegments("/api/broadcast", StringComparison.Ordinal)
            || rest.StartsWithSegments("/api/presence", StringComparison.Ordinal)
            || rest == "/api/ping" ? rest : null;
    }
}
