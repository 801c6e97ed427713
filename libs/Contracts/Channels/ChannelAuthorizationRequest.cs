using System.Text;
using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Channels;

/// <summary>Who asks for what on which topic.</summary>
/// <remarks>Printing one shows neither claims nor headers.</remarks>
/// <param name="Tenant">Whose database decides.</param>
/// <param name="SubTopic">The topic without its <c>realtime:</c> prefix.</param>
/// <param name="Role">Claim <c>role</c>; null when it is no string.</param>
/// <param name="Subject">Claim <c>sub</c>; null when absent or no string.</param>
/// <param name="ClaimsJson">All claims, a JSON object.</param>
/// <param name="HeadersJson">The request's headers, a JSON object with names in lower case.</param>
/// <param name="Check">The permissions to try; others are not granted.</param>
public sealed record ChannelAuthorizationRequest(
    TenantId Tenant,
    string SubTopic,
    string? Role,
    string? Subject,
    string ClaimsJson,
    string HeadersJson,
    ChannelPermissions Check)
{
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Tenant = ").Append(Tenant).Append(", SubTopic = ").Append(SubTopic).Append(", Check = ").Append(Check);
        return true;
    }
}
