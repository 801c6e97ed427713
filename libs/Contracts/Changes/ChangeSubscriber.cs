using System.Collections.Immutable;
using System.Text;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Changes;

namespace Realtime.Contracts.Changes;

/// <summary>The change subscriptions of one channel and the identity that decides what it may see.</summary>
/// <remarks>Printing one never shows the claims.</remarks>
public sealed record ChangeSubscriber
{
    /// <summary>The channel.</summary>
    public required ChangeSubscriberId Id { get; init; }

    /// <summary>Whose database is meant.</summary>
    public required TenantId Tenant { get; init; }

    /// <summary>Claim <c>role</c> of the channel's token: a role of the tenant's database.</summary>
    public required string Role { get; init; }

    /// <summary>All claims of the token, a JSON object; policies read them as <c>request.jwt.claims</c>.</summary>
    public required string Claims { get; init; }

    /// <summary>The entries of the join, in order; several may share a wire id (protocol.md 3.4).</summary>
    public required ImmutableArray<ChangeSubscription> Entries { get; init; }

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Id = ").Append(Id).Append(", Tenant = ").Append(Tenant).Append(", Role = ").Append(Role);
        return true;
    }
}
