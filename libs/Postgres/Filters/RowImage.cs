using System.Collections.Frozen;

namespace Realtime.Postgres.Filters;

/// <summary>The columns of a table in the order in which changes carry them; one per Relation message, shared by all its rows.</summary>
public sealed class RowLayout
{
    private readonly FrozenDictionary<string, int> _ordinals;

    /// <param name="columns">Names, each once.</param>
    public RowLayout(IEnumerable<string> columns)
    {
        _ordinals = columns.Select((name, ordinal) => (name, ordinal)).ToFrozenDictionary(c => c.name, c => c.ordinal, StringComparer.Ordinal);
    }

    /// <summary>Number of columns.</summary>
    public int Count => _ordinals.Count;

    /// <summary>Position of a column; -1 when changes do not carry it.</summary>
    public int OrdinalOf(string column) => _ordinals.GetValueOrDefault(column, -1);
}

/// <summary>The row that filters look at: the new one of INSERT and UPDATE, the old one of DELETE.</summary>
/// <param name="layout">Names of the columns.</param>
/// <param name="values">Their values in the same order; may be shorter, the rest is absent.</param>
public readonly struct RowImage(RowLayout layout, ReadOnlyMemory<ColumnValue> values)
{
    /// <summary>Value of a column.</summary>
    public ColumnValue this[string column]
    {
        get
        {
            var ordinal = layout.OrdinalOf(column);
            return (uint)ordinal < (uint)values.Length ? values.Span[ordinal] : ColumnValue.Absent;
        }
    }
}
