using System.Collections.Concurrent;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Dapr.Inboxes;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>Another process, as this one knows it. Written under the directory's lock, read without.</summary>
internal sealed class Peer
{
    private volatile int _slot;

    public Peer(Guid process, int slot, OutboxFactory outboxes)
    {
        Process = process;
        _slot = slot;
        Outbox = outboxes.Create(process, () => DaprNames.InboxTopic(_slot));
    }

    /// <summary>The process.</summary>
    public Guid Process { get; }

    /// <summary>Its inbox.</summary>
    public int Slot
    {
        get => _slot;
        set => _slot = value;
    }

    /// <summary>What is on its way there.</summary>
    public Outbox Outbox { get; }

    /// <summary>The newest known revision of <see cref="Users"/>.</summary>
    public long Revision { get; set; }

    /// <summary>Users of the tenants it hosts.</summary>
    public ConcurrentDictionary<TenantId, int> Users { get; } = new();
}
