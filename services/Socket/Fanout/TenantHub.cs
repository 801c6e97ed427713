using System.Collections.Concurrent;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Tenants;
using Realtime.Socket.Channels;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Fanout;

/// <summary>What lives of one tenant on this node: its sessions, its topics, its users.</summary>
internal sealed class TenantHub(TenantModel model)
{
    private readonly ConcurrentDictionary<ChannelKey, TopicGroup> _groups = new();
    private readonly Lock _lock = new();
    private readonly HashSet<SocketSession> _sessions = [];
    private bool _isRetired;

    /// <summary>Name of the tenant.</summary>
    public TenantId Tenant { get; } = model.Config.Id;

    /// <summary>Current settings; replaced whole when they change. A request reads it once.</summary>
    public TenantModel Model { get; set; } = model;

    /// <summary>Sessions with at least one successful join; changed under the lock of <see cref="CountUser"/>.</summary>
    public int Users { get; private set; }

    /// <summary>Adds a session that was let in.</summary>
    /// <returns><see langword="false"/> when the hub was given up meanwhile; the caller takes a new one.</returns>
    public bool TryAdd(SocketSession session)
    {
        lock (_lock)
        {
            return !_isRetired && _sessions.Add(session);
        }
    }

    /// <returns><see langword="true"/> when that was the last one: the hub is given up and must be forgotten.</returns>
    public bool Remove(SocketSession session)
    {
        lock (_lock)
        {
            _sessions.Remove(session);
            return _isRetired = _sessions.Count == 0;
        }
    }

    /// <summary>Changes the number of users by one and tells the new one while no other change can overtake it.</summary>
    public void CountUser(int change, Action<int> report)
    {
        lock (_lock)
        {
            Users += change;
            report(Users);
        }
    }

    /// <summary>A copy of the sessions at this moment.</summary>
    public SocketSession[] Sessions()
    {
        lock (_lock)
        {
            return [.. _sessions];
        }
    }

    /// <summary>Makes a channel a member of its topic.</summary>
    public void Join(Channel channel, ChannelKey key)
    {
        while (true)
        {
            var group = _groups.GetOrAdd(key, static key => new TopicGroup(key));
            if (group.TryAdd(channel))
            {
                channel.Group = group;
                return;
            }

            // Its last member just left; whoever comes first forgets it.
            _groups.TryRemove(new(key, group));
        }
    }

    /// <summary>Ends a membership; without effect when there is none.</summary>
    public void Leave(Channel channel)
    {
        if (channel.Group is { } group && group.Remove(channel))
        {
            _groups.TryRemove(new(group.Key, group));
        }
    }

    /// <summary>The members of a topic, or null when nobody on this node joined it.</summary>
    public TopicGroup? Find(ChannelKey key) => _groups.GetValueOrDefault(key);
}
