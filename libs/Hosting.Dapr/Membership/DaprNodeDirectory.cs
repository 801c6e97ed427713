using System.Collections.Concurrent;
using System.Collections.Immutable;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Dapr.Inboxes;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>Who hosts what: this process exactly, the others as their records and announcements say.</summary>
/// <remarks>
/// Every process writes one record into the state store and reads those of the others. Between two reads a process announces over the
/// bus when a tenant gets its first user or loses its last, so that messages find a new host within milliseconds. A store that cannot
/// be read takes nobody away.
/// </remarks>
internal sealed class DaprNodeDirectory(ProcessIdentity self, OutboxFactory outboxes) : INodeDirectory, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(NodeId, TenantId), int> _reported = [];
    private readonly ConcurrentDictionary<TenantId, int> _own = new();
    private readonly ConcurrentDictionary<TenantId, ImmutableArray<Peer>> _hosts = new();
    private ImmutableDictionary<Guid, Peer> _peers = ImmutableDictionary<Guid, Peer>.Empty;
    private long _revision;

    /// <summary>All other processes with an open inbox.</summary>
    public IEnumerable<Peer> Peers => Volatile.Read(ref _peers).Values;

    /// <summary>The other processes that host a tenant.</summary>
    public ImmutableArray<Peer> HostsOf(TenantId tenant) => _hosts.TryGetValue(tenant, out var hosts) ? hosts : [];

    /// <inheritdoc/>
    public int CountUsers(TenantId tenant)
    {
        var users = (long)_own.GetValueOrDefault(tenant);
        foreach (var peer in HostsOf(tenant))
        {
            users += peer.Users.GetValueOrDefault(tenant);
        }

        return (int)Math.Min(users, int.MaxValue);
    }

    /// <inheritdoc/>
    public void ReportUsers(NodeId node, TenantId tenant, int users)
    {
        lock (_lock)
        {
            _reported.Remove((node, tenant), out var before);
            if (users > 0)
            {
                _reported.Add((node, tenant), users);
            }

            var total = _own.GetValueOrDefault(tenant);
            var newTotal = total - before + Math.Max(users, 0);
            if (newTotal == total)
            {
                return;
            }

            if (newTotal == 0)
            {
                _own.TryRemove(tenant, out _);
            }
            else
            {
                _own[tenant] = newTotal;
            }

            _revision++;
            if (total == 0 || newTotal == 0)
            {
                Tell(EnvelopeItems.Write(new HostingChange(_revision, tenant, newTotal)));
            }
        }
    }

    /// <summary>This process's record.</summary>
    public NodeRecord Describe(bool isReady)
    {
        lock (_lock)
        {
            return new NodeRecord
            {
                Process = self.Id,
                Service = self.Service,
                Revision = _revision,
                IsReady = isReady,
                Users = _own.ToDictionary(pair => pair.Key.Value, pair => pair.Value),
            };
        }
    }

    /// <summary>Takes over what the store says now.</summary>
    public void Apply(IReadOnlyList<StoredNode> stored)
    {
        lock (_lock)
        {
            var gone = _peers;
            foreach (var node in stored)
            {
                if (node.Record is { IsReady: true } record && record.Process != self.Id)
                {
                    Apply(node.Slot, record);
                    gone = gone.Remove(record.Process);
                }
            }

            foreach (var peer in gone.Values)
            {
                Remove(peer);
            }
        }
    }

    /// <summary>Takes over what a process said about itself.</summary>
    /// <returns>False when that process is not known yet: read the store.</returns>
    public bool Apply(Guid process, HostingChange change)
    {
        lock (_lock)
        {
            if (!_peers.TryGetValue(process, out var peer))
            {
                return false;
            }

            if (change.Revision > peer.Revision)
            {
                // What changed elsewhere in between comes with a record of at least this revision.
                peer.Revision = change.Revision;
                SetUsers(peer, change.Tenant, change.Users);
            }

            return true;
        }
    }

    /// <summary>A process said that it ends.</summary>
    public void Remove(Guid process)
    {
        lock (_lock)
        {
            if (_peers.TryGetValue(process, out var peer))
            {
                Remove(peer);
            }
        }
    }

    private void Apply(int slot, NodeRecord record)
    {
        if (!_peers.TryGetValue(record.Process, out var peer))
        {
            peer = new Peer(record.Process, slot, outboxes);
            _peers = _peers.Add(record.Process, peer);
        }

        peer.Slot = slot;
        if (record.Revision >= peer.Revision)
        {
            peer.Revision = record.Revision;
            TakeOver(peer, record.Users);
        }
    }

    /// <summary>Sends an item to all peers.</summary>
    public void Tell(byte[] item)
    {
        foreach (var peer in Peers)
        {
            peer.Outbox.Post(item);
        }
    }

    /// <summary>Sends what waits, for some seconds at most.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(Peers.Select(peer => peer.Outbox.DisposeAsync().AsTask()));

    private void TakeOver(Peer peer, Dictionary<string, int> users)
    {
        foreach (var tenant in peer.Users.Keys)
        {
            if (!users.ContainsKey(tenant.Value))
            {
                SetUsers(peer, tenant, 0);
            }
        }

        foreach (var (tenant, count) in users)
        {
            SetUsers(peer, new TenantId(tenant), count);
        }
    }

    private void SetUsers(Peer peer, TenantId tenant, int users)
    {
        if (users > 0)
        {
            peer.Users[tenant] = users;
            var hosts = HostsOf(tenant);
            if (!hosts.Contains(peer))
            {
                _hosts[tenant] = hosts.Add(peer);
            }
        }
        else if (peer.Users.TryRemove(tenant, out _))
        {
            var hosts = HostsOf(tenant).Remove(peer);
            if (hosts.IsEmpty)
            {
                _hosts.TryRemove(tenant, out _);
            }
            else
            {
                _hosts[tenant] = hosts;
            }
        }
    }

    private void Remove(Peer peer)
    {
        _peers = _peers.Remove(peer.Process);
        foreach (var tenant in peer.Users.Keys)
        {
            SetUsers(peer, tenant, 0);
        }

        _ = peer.Outbox.AbandonAsync(); // ends at once and without an exception
    }
}

/// <summary>A process began or ceased to host a tenant.</summary>
/// <param name="Revision">The process's count of changes, this one included.</param>
/// <param name="Tenant">The tenant.</param>
/// <param name="Users">Its users there now; 0 when it ceased.</param>
internal readonly record struct HostingChange(long Revision, TenantId Tenant, int Users);
