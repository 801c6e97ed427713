using Realtime.Contracts.Tenants;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tenants;

/// <summary>A tenant's settings and what is derived from them once. Immutable; a change is a new instance.</summary>
/// <remarks>Whoever reads it once for a request never sees half a change.</remarks>
public sealed class TenantModel(TenantConfig config)
{
    /// <summary>The settings as stored.</summary>
    public TenantConfig Config { get; } = config ?? throw new ArgumentNullException(nameof(config));

    /// <summary>The keys that verify the tenant's tokens.</summary>
    public TokenKeys Keys { get; } = TokenKeys.Create(config.JwtSecret, config.JwtJwks);
}
