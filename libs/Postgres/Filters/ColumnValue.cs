namespace Realtime.Postgres.Filters;

/// <summary>What a row image holds for a column.</summary>
public enum ColumnPresence : byte
{
    /// <summary>The change does not carry the column: not part of the replica identity, or an unchanged value kept out of line.</summary>
    Absent,

    /// <summary>The value is NULL.</summary>
    Null,

    /// <summary>The value is there as text.</summary>
    Text,
}

/// <summary>The value of one column in a change.</summary>
/// <param name="Presence">Whether there is a value.</param>
/// <param name="Text">The text form in UTF-8, as in pgoutput with <c>binary false</c>; owned by whoever made the row image.</param>
public readonly record struct ColumnValue(ColumnPresence Presence, ReadOnlyMemory<byte> Text)
{
    /// <summary>The column is not part of the change.</summary>
    public static ColumnValue Absent => default;

    /// <summary>NULL.</summary>
    public static ColumnValue Null => new(ColumnPresence.Null, default);

    /// <summary>A value as text.</summary>
    public static ColumnValue Of(ReadOnlyMemory<byte> text) => new(ColumnPresence.Text, text);
}
