using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Presence;

namespace Realtime.Contracts.Nodes;

/// <summary>A message from one node to the others that host <paramref name="Tenant"/>.</summary>
public abstract record NodeMessage(TenantId Tenant);

/// <summary>A broadcast for the members of a topic.</summary>
public sealed record BroadcastPublished(TenantId Tenant, ChannelKey Channel, BroadcastMessage Message) : NodeMessage(Tenant);

/// <summary>A tenant's settings changed or it was deleted: drop the cached copy and do what <paramref name="Changes"/> says.</summary>
/// <remarks>Goes to every node, whether it hosts the tenant or not.</remarks>
public sealed record TenantChanged(TenantId Tenant, TenantChanges Changes) : NodeMessage(Tenant);

/// <summary>Members of a topic came, changed or went on <paramref name="Node"/>, which knows that already and ignores this.</summary>
/// <remarks>Applying one twice, or after the state that contains it, changes nothing: a meta is known by its reference.</remarks>
public sealed record PresenceChanged(TenantId Tenant, ChannelKey Channel, NodeId Node, PresenceDiff Diff) : NodeMessage(Tenant);
