using System.Collections.Immutable;
using System.Text;
using Realtime.Cdc.Tables;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Replication;
using Realtime.Postgres.Values;

namespace Realtime.Cdc.Delivery;

/// <summary>How the changes of a table are read and shown: what the stream announced, joined by name with what the catalog has now.</summary>
/// <remarks>A column that was dropped or renamed since is not shown; neither is one that the stream does not carry.</remarks>
internal sealed class TableLayout
{
    public TableLayout(RelationSchema relation, TableModel table)
    {
        (Relation, Table) = (relation, table);
        Row = new RowLayout(relation.Columns.Select(c => c.Name));
        Columns = [.. table.Columns
            .Select(c => new LayoutColumn(Row.OrdinalOf(c.Name), c))
            .Where(c => c.Ordinal >= 0)];

        // Members of a row come in the order of jsonb: shorter names first, then by bytes.
        Members = [.. Columns
            .OrderBy(c => Encoding.UTF8.GetByteCount(c.Column.Name))
            .ThenBy(c => Encoding.UTF8.GetBytes(c.Column.Name), Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];
        KeyOrdinals = [.. table.Key.Select(c => Row.OrdinalOf(c.Name))];

        HasDatabaseValues = Columns.Any(c => c.Column.Type.Conversion == ValueConversion.NeedsDatabase);

        // What the names add to each change in the reference's own record format, which its size limit counts.
        Overhead = 100 + relation.Columns.Sum(c => 50 + Encoding.UTF8.GetByteCount(c.Name));
    }

    /// <summary>As announced.</summary>
    public RelationSchema Relation { get; }

    /// <summary>As it is now.</summary>
    public TableModel Table { get; }

    /// <summary>Names and positions for filters.</summary>
    public RowLayout Row { get; }

    /// <summary>The columns that can be shown, in table order.</summary>
    public ImmutableArray<LayoutColumn> Columns { get; }

    /// <summary>The same in the order in which a row's members are written.</summary>
    public ImmutableArray<LayoutColumn> Members { get; }

    /// <summary>Positions of the primary key's columns in the stream; -1 for one that the stream does not carry.</summary>
    public ImmutableArray<int> KeyOrdinals { get; }

    /// <summary>Whether some values can only be converted by the database.</summary>
    public bool HasDatabaseValues { get; }

    /// <summary>Estimated bytes of names around the values of a change.</summary>
    public int Overhead { get; }
}

/// <summary>A column of <see cref="TableLayout"/>.</summary>
/// <param name="Ordinal">Its position in the tuples of the stream.</param>
/// <param name="Column">As it is now.</param>
internal sealed record LayoutColumn(int Ordinal, TableColumn Column)
{
    /// <summary><c>"name":</c></summary>
    public byte[] MemberName { get; } = [.. JsonName(Column.Name), (byte)':'];

    /// <summary><c>{"name":"…","type":"…"}</c></summary>
    public byte[] Description { get; } =
        [.. "{\"name\":"u8, .. JsonName(Column.Name), .. ",\"type\":"u8, .. JsonName(Column.Type.Name), .. "}"u8];

    internal static byte[] JsonName(string name) =>
        [(byte)'"', .. System.Text.Json.JsonEncodedText.Encode(name, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];
}
