using System.Text;
using Realtime.Cdc.Delivery;
using Realtime.Cdc.Tables;

namespace Realtime.Cdc.Visibility;

/// <summary>The primary keys of some rows of a table, as texts.</summary>
internal sealed class RowKeys
{
    private readonly TableModel _table;
    private readonly List<MatchedChange> _changes;

    public RowKeys(TableModel table, List<MatchedChange> changes)
    {
        (_table, _changes) = (table, changes);
        Columns = [.. table.Key.Select((_, i) => changes.Select(c => TextOf(c, i)).ToArray())];
    }

    /// <summary>One array per key column.</summary>
    public string?[][] Columns { get; }

    /// <summary>Whether these are the keys of the same rows.</summary>
    public bool AreOf(TableModel table, List<MatchedChange> changes) =>
        ReferenceEquals(_table, table) && _changes.Count == changes.Count && _changes.SequenceEqual(changes);

    /// <summary>The key of one row.</summary>
    public static string?[] Of(MatchedChange change) => [.. change.Audience.Layout.Table.Key.Select((_, i) => TextOf(change, i))];

    // A key column that the stream does not carry is null, which no row has: nobody sees the change.
    private static string? TextOf(MatchedChange change, int keyColumn)
    {
        var ordinal = change.Audience.Layout.KeyOrdinals[keyColumn];
        return ordinal >= 0 && change.Change.New.Span[ordinal] is { Presence: Postgres.Filters.ColumnPresence.Text } value
            ? Encoding.UTF8.GetString(value.Text.Span)
            : null;
    }
}
