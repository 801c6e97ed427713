using System.Buffers;
using Realtime.Hosting.Tenants;
using Yarp.ReverseProxy.Transforms;

namespace Realtime.Gateway.Routing;

/// <summary>Tells services the tenant by the host, as they expect it (http-api.md section 2). Whoever names it in a header goes on doing so.</summary>
internal sealed class TenantHost(TenantResolver tenants) : RequestTransform
{
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.HttpContext.Request;
        if (!request.Headers.ContainsKey(TenantResolver.HeaderName))
        {
            if (tenants.Resolve(request) is { Value: var tenant } && !tenant.AsSpan().ContainsAnyExcept(HostCharacters))
            {
                context.ProxyRequest.Headers.Host = $"{tenant}.gateway";
            }
            else
            {
                // No such tenant can be: an empty name says so, whereas without a name services could take their default.
                context.ProxyRequest.Headers.TryAddWithoutValidation(TenantResolver.HeaderName, "");
            }
        }

        return ValueTask.CompletedTask;
    }
}
