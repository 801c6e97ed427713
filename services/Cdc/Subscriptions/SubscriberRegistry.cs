using System.Collections.Immutable;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;

namespace Realtime.Cdc.Subscriptions;

/// <summary>The subscribers of one tenant. Thread-safe.</summary>
internal sealed class SubscriberRegistry
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ChangeSubscriberId, Registration> _registrations = [];
    private readonly Dictionary<(string Role, string Claims), WeakReference<Viewer>> _viewers = [];
    private ImmutableArray<Registration>? _snapshot;
    private long _version;

    /// <summary>Changes with every change of the registry.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Number of subscribers.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _registrations.Count;
            }
        }
    }

    /// <summary>All registrations as they are now.</summary>
    public ImmutableArray<Registration> All
    {
        get
        {
            lock (_lock)
            {
                return _snapshot ??= [.. _registrations.Values];
            }
        }
    }

    /// <summary>The roles of all subscribers.</summary>
    public string[] Roles => [.. All.Select(r => r.Viewer.Role).Distinct(StringComparer.Ordinal)];

    /// <summary>The one viewer of a role and claims.</summary>
    public Viewer ViewerOf(string role, string claims)
    {
        lock (_lock)
        {
            if (_viewers.TryGetValue((role, claims), out var known) && known.TryGetTarget(out var viewer))
            {
                return viewer;
            }

            if (_viewers.Count > 1_024 && _viewers.Count > 2 * _registrations.Count)
            {
                foreach (var (key, reference) in _viewers)
                {
                    if (!reference.TryGetTarget(out _))
                    {
                        _viewers.Remove(key);
                    }
                }
            }

            viewer = new Viewer(role, claims);
            _viewers[(role, claims)] = new WeakReference<Viewer>(viewer);
            return viewer;
        }
    }

    /// <summary>Adds a subscriber or replaces what it had.</summary>
    public void Set(Registration registration) => Change(r => r[registration.Subscriber.Id] = registration);

    /// <summary>Replaces a subscriber unless it left or changed in the meantime.</summary>
    /// <param name="current">What it is expected to have.</param>
    /// <param name="renewed">What it shall have; null removes it.</param>
    /// <returns>Whether that was so.</returns>
    public bool TryRenew(Registration current, Registration? renewed)
    {
        lock (_lock)
        {
            var id = current.Subscriber.Id;
            if (!_registrations.TryGetValue(id, out var found) || !ReferenceEquals(found, current))
            {
                return false;
            }

            if (renewed is null)
            {
                _registrations.Remove(id);
            }
            else
            {
                _registrations[id] = renewed;
            }

            Changed();
            return true;
        }
    }

    /// <summary>Forgets a subscriber.</summary>
    public void Remove(ChangeSubscriberId id) => Change(r => r.Remove(id));

    /// <summary>Forgets all subscribers of a node.</summary>
    public void Remove(NodeId node) => Change(r =>
    {
        foreach (var id in r.Keys.Where(id => id.Node == node).ToArray())
        {
            r.Remove(id);
        }
    });

    private void Change(Action<Dictionary<ChangeSubscriberId, Registration>> change)
    {
        lock (_lock)
        {
            change(_registrations);
            Changed();
        }
    }

    private void Changed()
    {
        _snapshot = null;
        Interlocked.Increment(ref _version);
    }
}
