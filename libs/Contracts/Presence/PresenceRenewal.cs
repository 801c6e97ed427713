using Realtime.Protocol.Presence;

namespace Realtime.Contracts.Presence;

/// <summary>What a node says about one topic when it renews its members.</summary>
/// <param name="Topic">Which topic.</param>
/// <param name="Own">The node's own members.</param>
/// <param name="All">All members of the topic, as the node knows them.</param>
public readonly record struct PresenceRenewal(PresenceTopic Topic, PresenceDigest Own, PresenceDigest All);

/// <summary>A topic about which a node and the directory disagree.</summary>
/// <param name="Topic">Which topic.</param>
/// <param name="Own">The directory has other members of this node: the node sends them all, with <see cref="IPresenceDirectory.Replace"/>.</param>
/// <param name="All">The node knows other members than the directory: it reads them again.</param>
public readonly record struct PresenceMismatch(PresenceTopic Topic, bool Own, bool All);
