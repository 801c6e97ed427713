using System.Diagnostics.CodeAnalysis;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>Finds the subscriptions that a change concerns. Not thread-safe: belongs to the one reader of a tenant's changes.</summary>
/// <remarks>
/// Equal filters are evaluated once for all their subscribers. A filter that demands an exactly known value (<c>id=eq.5</c>, also
/// <c>in</c>, also among other conditions) is found by a hash of the row's value, so its cost does not grow with the number of such filters.
/// </remarks>
/// <typeparam name="T">What stands for a subscriber; compared by its own equality.</typeparam>
public sealed class SubscriptionIndex<T>
    where T : notnull
{
    private readonly Dictionary<uint, TableSubscriptions<T>> _tables = [];

    /// <summary>Oids of the tables with subscribers.</summary>
    public IReadOnlyCollection<uint> Tables => _tables.Keys;

    /// <summary>Adds a subscriber to the group of its events and filter.</summary>
    /// <param name="table">Oid of the table that the filter was compiled for.</param>
    /// <param name="events">The wanted events.</param>
    /// <param name="filter">The filter; a filter that equals one already present is replaced by that.</param>
    /// <param name="subscriber">Who wants them.</param>
    /// <returns>False when the subscriber is in the group already.</returns>
    public bool Add(uint table, ChangeEvents events, CompiledFilter filter, T subscriber)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (!_tables.TryGetValue(table, out var subscriptions))
        {
            _tables.Add(table, subscriptions = new TableSubscriptions<T>());
        }

        return subscriptions.Add(events, filter, subscriber);
    }

    /// <summary>Removes a subscriber from a group.</summary>
    /// <returns>False when it was not in it.</returns>
    public bool Remove(uint table, ChangeEvents events, CompiledFilter filter, T subscriber)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var removed = _tables.TryGetValue(table, out var subscriptions) && subscriptions.Remove(events, filter, subscriber);
        if (removed && subscriptions!.IsEmpty)
        {
            _tables.Remove(table);
        }

        return removed;
    }

    /// <summary>Removes a table with all its subscribers, for example when its columns changed.</summary>
    /// <returns>False when there were none.</returns>
    public bool RemoveTable(uint table) => _tables.Remove(table);

    /// <summary>All groups of a table that want a kind of change, filters not looked at.</summary>
    public IEnumerable<SubscriptionGroup<T>> GroupsOf(uint table, ChangeEvents kind) =>
        _tables.TryGetValue(table, out var subscriptions) ? subscriptions.Groups.Where(g => (g.Events & kind) != 0) : [];

    /// <summary>Whether any group of a table wants a kind of change.</summary>
    public bool Wants(uint table, ChangeEvents kind) => _tables.TryGetValue(table, out var subscriptions) && (subscriptions.Events & kind) != 0;

    /// <summary>Collects the groups that want a change and whose filter lets its row through, or may do so.</summary>
    /// <param name="table">Oid of the table.</param>
    /// <param name="kind">The one kind of change.</param>
    /// <param name="row">The row that filters look at.</param>
    /// <param name="matches">Gets the groups, each once, in no order; cleared first.</param>
    public void Match(uint table, ChangeEvents kind, in RowImage row, List<SubscriptionMatch<T>> matches)
    {
        ArgumentNullException.ThrowIfNull(matches);
        matches.Clear();
        if (_tables.TryGetValue(table, out var subscriptions) && (subscriptions.Events & kind) != 0)
        {
            subscriptions.Match(kind, row, matches);
        }
    }
}

/// <summary>The groups of one table.</summary>
internal sealed class TableSubscriptions<T>
    where T : notnull
{
    private readonly Dictionary<(ChangeEvents Events, FilterGroup Filter), SubscriptionGroup<T>> _groups = [];
    private readonly HashSet<SubscriptionGroup<T>> _unindexed = [];
    private readonly Dictionary<(string Column, bool Padded), Dictionary<byte[], List<SubscriptionGroup<T>>>> _byValue = [];

    public bool IsEmpty => _groups.Count == 0;

    public IEnumerable<SubscriptionGroup<T>> Groups => _groups.Values;

    public ChangeEvents Events { get; private set; }

    public bool Add(ChangeEvents events, CompiledFilter filter, T subscriber)
    {
        if (!_groups.TryGetValue((events, filter.Source), out var group))
        {
            _groups.Add((events, filter.Source), group = new SubscriptionGroup<T>(events, filter));
            Events |= events;
            Index(group);
        }

        return group.Add(subscriber);
    }

    public bool Remove(ChangeEvents events, CompiledFilter filter, T subscriber)
    {
        if (!_groups.TryGetValue((events, filter.Source), out var group) || !group.Remove(subscriber))
        {
            return false;
        }

        if (group.Subscribers.Count == 0)
        {
            _groups.Remove((events, filter.Source));
            Unindex(group);
            Events = IsEmpty ? ChangeEvents.None : Events;
        }

        return true;
    }

    public void Match(ChangeEvents kind, in RowImage row, List<SubscriptionMatch<T>> matches)
    {
        foreach (var group in _unindexed)
        {
            Match(group, kind, row, matches);
        }

        foreach (var ((column, padded), groups) in _byValue)
        {
            var value = row[column];
            var text = padded ? value.Text.Span.TrimEnd((byte)' ') : value.Text.Span;
            if (value.Presence == ColumnPresence.Text
                && groups.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(text, out var found))
            {
                foreach (var group in found)
                {
                    Match(group, kind, row, matches);
                }
            }
        }
    }

    private static void Match(SubscriptionGroup<T> group, ChangeEvents kind, in RowImage row, List<SubscriptionMatch<T>> matches)
    {
        if ((group.Events & kind) != 0 && group.Filter.Evaluate(row) is var verdict and not FilterVerdict.NoMatch)
        {
            matches.Add(new SubscriptionMatch<T>(group, verdict == FilterVerdict.NeedsDatabase));
        }
    }

    private void Index(SubscriptionGroup<T> group)
    {
        if (group.Filter.Keys is not { } keys)
        {
            _unindexed.Add(group);
            return;
        }

        foreach (var key in DistinctKeys(keys.Keys))
        {
            if (!_byValue.TryGetValue((keys.Column, key.Padded), out var groups))
            {
                _byValue.Add((keys.Column, key.Padded), groups = new(Utf8Comparer.Instance));
            }

            if (!groups.TryGetValue(key.Text, out var found))
            {
                groups.Add(key.Text, found = []);
            }

            found.Add(group);
        }
    }

    private void Unindex(SubscriptionGroup<T> group)
    {
        if (group.Filter.Keys is not { } keys)
        {
            _unindexed.Remove(group);
            return;
        }

        foreach (var key in DistinctKeys(keys.Keys))
        {
            var groups = _byValue[(keys.Column, key.Padded)];
            var found = groups[key.Text];
            found.Remove(group);
            if (found.Count == 0 && groups.Remove(key.Text) && groups.Count == 0)
            {
                _byValue.Remove((keys.Column, key.Padded));
            }
        }
    }

    // An in-list may name a value twice.
    private static IEnumerable<EqualityKey> DistinctKeys(IReadOnlyList<EqualityKey> keys) => keys.DistinctBy(k => k.Text, Utf8Comparer.Instance);
}

/// <summary>Compares bytes by content, spans with arrays too.</summary>
internal sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    public static Utf8Comparer Instance { get; } = new();

    public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

    public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

    public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

    public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        var hash = new HashCode();
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }
}
