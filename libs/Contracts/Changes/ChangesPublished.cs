using System.Collections.Immutable;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Changes;

namespace Realtime.Contracts.Changes;

/// <summary>Changes of a tenant's tables, in commit order.</summary>
public sealed record ChangesPublished(TenantId Tenant, ImmutableArray<PublishedChange> Changes) : NodeMessage(Tenant);

/// <summary>One change as one set of subscribers may see it.</summary>
/// <remarks>
/// A change that different subscribers see differently (other roles, other selections) appears several times in a row with another
/// <see cref="Data"/> and another audience.
/// </remarks>
/// <param name="Event">The one kind of change; also the event name of channels joined in the legacy way (protocol.md 7.6).</param>
/// <param name="Data">The <c>data</c> object of the frame as UTF-8 JSON (protocol.md 7.5); never to be changed.</param>
/// <param name="Audience">Who gets it.</param>
public sealed record PublishedChange(ChangeEvents Event, ReadOnlyMemory<byte> Data, ChangeAudience Audience);

/// <summary>The subscribers of a change, each once.</summary>
/// <remarks>Consecutive changes for the same subscribers and ids share one instance, so what a node derives from it can be kept and reused.</remarks>
public sealed class ChangeAudience(ImmutableArray<ChangeRecipient> recipients)
{
    /// <summary>The subscribers of all nodes.</summary>
    public ImmutableArray<ChangeRecipient> Recipients { get; } = recipients;

    /// <summary>Number of ids of all recipients: what a change counts against the tenant's rate (protocol.md 8.3).</summary>
    public int IdCount { get; } = recipients.Sum(r => r.Ids.Length);
}

/// <summary>A subscriber and the wire ids of its entries that matched, in the order of the join.</summary>
public readonly record struct ChangeRecipient(ChangeSubscriberId Subscriber, ImmutableArray<int> Ids);
