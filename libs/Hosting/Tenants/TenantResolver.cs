using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Http;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tenants;

/// <summary>Reads which tenant a request means (http-api.md section 2, protocol.md 1.4).</summary>
/// <remarks>
/// In this order: the header <c>x-tenant-id</c>; <see cref="TenantSettings.DefaultTenant"/> when the host names no tenant, because it
/// has no dot or is an address; the first label of the host in lower case. <c>x-forwarded-host</c> is not consulted.
/// </remarks>
public sealed class TenantResolver(TenantSettings settings)
{
    /// <summary>The header that names a tenant whatever the host is.</summary>
    public const string HeaderName = "x-tenant-id";

    /// <summary>Longest name of a tenant, in characters.</summary>
    public const int MaxNameLength = 255;

    private static readonly SearchValues<char> HeaderCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

    private readonly TenantId? _default = settings.DefaultTenant is { } name ? new TenantId(name) : null;

    /// <returns>The name as the request gives it, whether or not there is such a tenant; null when it gives none that can be.</returns>
    public TenantId? Resolve(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Headers.TryGetValue(HeaderName, out var header))
        {
            return header.Count == 1 && header[0] is { Length: > 0 and <= MaxNameLength } name
                && !name.AsSpan().ContainsAnyExcept(HeaderCharacters) ? new TenantId(name) : null;
        }

        var host = request.Host.Host;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        if (_default is not null && (dot < 0 || IPAddress.TryParse(host, out _)))
        {
            return _default;
        }

        var label = dot < 0 ? host : host[..dot];
        return label.Length is > 0 and <= MaxNameLength ? new TenantId(label.ToLowerInvariant()) : null;
    }
}
