using Realtime.Contracts.Nodes;
using Realtime.Protocol.Presence;

namespace Realtime.Contracts.Presence;

/// <summary>Knows who is present on the topics of all nodes, and tells each node of the others' changes as <see cref="PresenceChanged"/>.</summary>
/// <remarks>
/// <para>
/// A member belongs to the socket node that hosts its channel; that node alone decides about it and tells its own clients without
/// asking. The directory merges what the nodes say. So it need not store anything durably: a message that got lost, a directory that
/// restarted and a node that came back all heal with the next renewal.
/// </para>
/// <para>
/// <see cref="Publish"/> and <see cref="Replace"/> of one node and topic are applied in the order of their calls. They never wait: what
/// cannot be delivered is dropped, and found by the renewal.
/// </para>
/// </remarks>
public interface IPresenceDirectory
{
    /// <summary>Within this time a node renews all topics on which it has members or observers.</summary>
    static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(10);

    /// <summary>The members of a node on a topic that it did not renew for this long have left.</summary>
    static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    /// <summary>Tells of members of a node that came, changed or went. Thread-safe, does not block.</summary>
    void Publish(NodeId node, PresenceTopic topic, PresenceDiff diff);

    /// <summary>Tells all members of a node, which replace those that the directory has of it. Thread-safe, does not block.</summary>
    void Replace(NodeId node, PresenceTopic topic, IReadOnlyList<PresenceMeta> members);

    /// <summary>All members of a topic. Throws <see cref="PresenceUnavailableException"/> when the directory cannot be reached.</summary>
    ValueTask<PresenceSnapshot> ReadAsync(PresenceTopic topic, CancellationToken cancellationToken);

    /// <summary>
    /// Keeps a node's members alive and finds what got lost. Throws <see cref="PresenceUnavailableException"/> when the directory cannot
    /// be reached.
    /// </summary>
    /// <returns>The topics that differ, also because a change is still on its way; acting on one needlessly does no harm.</returns>
    ValueTask<IReadOnlyList<PresenceMismatch>> RenewAsync(
        NodeId node, IReadOnlyList<PresenceRenewal> renewals, CancellationToken cancellationToken);
}
