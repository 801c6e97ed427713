using System.Text;

namespace Realtime.Contracts.Tenants;

/// <summary>What is stored of a tenant, with its secrets decrypted. Immutable; a change is a new instance.</summary>
/// <remarks>Printing one never shows a secret.</remarks>
public sealed record TenantConfig
{
    /// <summary>Public name.</summary>
    public required TenantId Id { get; init; }

    /// <summary>Shared secret of the tenant's HMAC tokens, any length; null when only <see cref="JwtJwks"/> signs.</summary>
    public string? JwtSecret { get; init; }

    /// <summary>JSON Web Key Set as stored, a JSON object; null when there is none.</summary>
    public string? JwtJwks { get; init; }

    /// <summary>No client may connect and no database connection is opened.</summary>
    public bool Suspended { get; init; }

    /// <summary>Only private channels may be joined.</summary>
    public bool PrivateOnly { get; init; }

    /// <summary>Presence is on for channels that did not ask for it.</summary>
    public bool PresenceEnabled { get; init; }

    /// <summary>Quotas and rate limits.</summary>
    public TenantLimits Limits { get; init; } = new();

    /// <summary>Where the tenant's own PostgreSQL is; null when it has no database extension.</summary>
    public TenantDatabase? Database { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Id = ").Append(Id).Append(", Suspended = ").Append(Suspended).Append(", PrivateOnly = ").Append(PrivateOnly);
        return true;
    }
}
