using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Realtime.Cdc.Subscriptions;
using Realtime.Contracts.Changes;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Replication;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Delivery;

/// <summary>Everyone who may be interested in the changes of one table, as of one version of the registry. For one thread.</summary>
internal sealed class TableAudience
{
    private readonly SubscriptionIndex<int> _index = new();
    private readonly Dictionary<SubscriptionGroup<int>, int[]> _sorted = [];
    private readonly Dictionary<Projection, (int[] Listeners, ChangeAudience Audience)> _last = [];
    private readonly List<SubscriptionMatch<int>> _matches = [];
    private readonly bool _hasRowErrors;

    /// <param name="layout">The table.</param>
    /// <param name="registrations">All subscribers of the tenant.</param>
    /// <param name="version">Version of the registry that they are.</param>
    public TableAudience(TableLayout layout, ImmutableArray<Registration> registrations, long version)
    {
        (Layout, Version) = (layout, version);
        var projections = new Dictionary<(string Role, string? Select), Projection>();
        var distinct = new Dictionary<string, Projection>(StringComparer.Ordinal);
        var listeners = ImmutableArray.CreateBuilder<Listener>();
        foreach (var registration in registrations)
        {
            foreach (var entry in registration.Entries)
            {
                if (entry.FilterFor(layout.Table.Id, layout.Table.Schema, layout.Table.Name) is { } filter)
                {
                    _index.Add(layout.Table.Id, entry.Entry.Events, filter, listeners.Count);
                    listeners.Add(new Listener(registration.Subscriber.Id, entry.Entry.Id, registration.Viewer,
                        ProjectionOf(registration.Viewer.Role, entry.Entry.Select)));
                }
            }
        }

        Listeners = listeners.DrainToImmutable();
        _hasRowErrors = distinct.Values.Any(p => p.RowError is not null);

        Projection ProjectionOf(string role, ImmutableArray<string>? select)
        {
            var key = (role, select is { } names ? string.Join('\0', names.Order(StringComparer.Ordinal)) : null);
            if (!projections.TryGetValue(key, out var projection))
            {
                var readable = layout.Table.Readable.GetValueOrDefault(role, FrozenSet<string>.Empty);
                projection = new Projection(layout, readable, select?.ToHashSet(StringComparer.Ordinal));
                projection = distinct.TryGetValue(projection.Identity, out var same) ? same : projection;
                distinct[projection.Identity] = projection;
                projections.Add(key, projection);
            }

            return projection;
        }
    }

    /// <summary>The table.</summary>
    public TableLayout Layout { get; }

    /// <summary>Version of the registry.</summary>
    public long Version { get; }

    /// <summary>The entries that cover the table, those of one subscriber together and in their order.</summary>
    public ImmutableArray<Listener> Listeners { get; }

    /// <summary>The listeners of a change, by position and in order.</summary>
    /// <param name="change">The change.</param>
    /// <param name="questions">Gets what only the database can decide; then the result is not final.</param>
    /// <param name="answers">Whether <paramref name="questions"/> has the answers.</param>
    /// <param name="isOpen">Whether the database has to be asked.</param>
    /// <remarks>The error of a table without key, or with a key that a role may not see, goes to everyone, whatever their filter.</remarks>
    public int[] Match(in WalChange change, DatabaseFilterBatch questions, bool answers, out bool isOpen)
    {
        isOpen = false;
        var isDelete = change.Kind == ChangeEvents.Delete;
        var row = new RowImage(Layout.Row, isDelete ? change.Old : change.New);
        _index.Match(Layout.Table.Id, change.Kind, row, _matches);
        if (answers)
        {
            _matches.RemoveAll(m => m.NeedsDatabase && !IsMatch(m, row, questions));
        }

        foreach (var match in _matches)
        {
            if (!answers && match.NeedsDatabase)
            {
                isOpen = true;
                match.Group.Filter.Ask(row, questions);
            }
        }

        var found = _matches.Count == 1 ? SortedOf(_matches[0].Group) : Merge();
        return isDelete ? found : WithRowErrors(found, change.Kind);

        static bool IsMatch(in SubscriptionMatch<int> match, in RowImage row, DatabaseFilterBatch answers) =>
            match.Group.Filter.Evaluate(row, answers) == FilterVerdict.Match;
    }

    /// <summary>The audience of some listeners; the same instance as last time when they are the same.</summary>
    public ChangeAudience AudienceOf(Projection projection, List<int> listeners)
    {
        var wanted = CollectionsMarshal.AsSpan(listeners);
        if (_last.TryGetValue(projection, out var last) && wanted.SequenceEqual(last.Listeners))
        {
            return last.Audience;
        }

        var recipients = ImmutableArray.CreateBuilder<ChangeRecipient>();
        var ids = ImmutableArray.CreateBuilder<int>();
        for (var i = 0; i < wanted.Length; i++)
        {
            ids.Add(Listeners[wanted[i]].WireId);
            if (i + 1 == wanted.Length || Listeners[wanted[i + 1]].Subscriber != Listeners[wanted[i]].Subscriber)
            {
                recipients.Add(new ChangeRecipient(Listeners[wanted[i]].Subscriber, ids.DrainToImmutable()));
            }
        }

        var audience = new ChangeAudience(recipients.DrainToImmutable());
        _last[projection] = ([.. listeners], audience);
        return audience;
    }

    private int[] Merge()
    {
        if (_matches.Count == 0)
        {
            return [];
        }

        var merged = _matches.SelectMany(m => SortedOf(m.Group)).ToArray();
        Array.Sort(merged);
        return merged;
    }

    private int[] WithRowErrors(int[] found, ChangeEvents kind)
    {
        if (!_hasRowErrors)
        {
            return found;
        }

        var all = found.ToHashSet();
        foreach (var group in _index.GroupsOf(Layout.Table.Id, kind))
        {
            all.UnionWith(group.Subscribers.Where(l => Listeners[l].Projection.RowError is not null));
        }

        return [.. all.Order()];
    }

    private int[] SortedOf(SubscriptionGroup<int> group)
    {
        if (!_sorted.TryGetValue(group, out var sorted))
        {
            sorted = [.. group.Subscribers.Order()];
            _sorted.Add(group, sorted);
        }

        return sorted;
    }
}

/// <summary>One entry of one subscriber, for one table.</summary>
internal sealed record Listener(ChangeSubscriberId Subscriber, int WireId, Viewer Viewer, Projection Projection);
