using Microsoft.AspNetCore.Http;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Http;

/// <summary>What the filters of a tenant's route found out about a request.</summary>
public sealed class TenantRequest(TenantModel tenant, TenantRates rates)
{
    /// <summary>The tenant the request means.</summary>
    public TenantModel Tenant { get; } = tenant;

    /// <summary>Its rates on this node.</summary>
    public TenantRates Rates { get; } = rates;

    /// <summary>The caller's token; null on routes that ask for none.</summary>
    public VerifiedToken? Token { get; internal set; }

    /// <summary>The one of a request that passed the filters.</summary>
    /// <exception cref="InvalidOperationException">The route has no tenant filter.</exception>
    public static TenantRequest Of(HttpContext context) =>
        context?.Features.Get<TenantRequest>() ?? throw new InvalidOperationException("The route does not resolve a tenant.");
}
