using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Presence;

/// <summary>A space of members whose presence is known to all of them.</summary>
/// <param name="Tenant">Whose topic.</param>
/// <param name="Channel">Which one, public or private.</param>
public readonly record struct PresenceTopic(TenantId Tenant, ChannelKey Channel)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Tenant}/{Channel}";
}
