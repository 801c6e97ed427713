using System.Collections.Immutable;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Changes;

/// <summary>Something that change subscribers have to be told: a <c>system</c> message with extension <c>postgres_changes</c> (protocol.md 7.4).</summary>
/// <param name="Tenant">Whose feed it is about.</param>
/// <param name="Subscribers">Whom to tell.</param>
/// <param name="IsError">Status <c>error</c> instead of <c>ok</c>.</param>
/// <param name="Message">Text for the client.</param>
public sealed record ChangeFeedNotice(TenantId Tenant, ImmutableArray<ChangeSubscriberId> Subscribers, bool IsError, string Message)
    : NodeMessage(Tenant)
{
    /// <summary>Message of a registration, also of one that the feed renewed by itself.</summary>
    public const string Subscribed = "Subscribed to PostgreSQL";
}
