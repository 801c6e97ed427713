using System.Collections.Frozen;
using System.Collections.Immutable;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Delivery;

/// <summary>What of a table's changes one kind of subscriber sees: the columns its role may select and its entry selected.</summary>
internal sealed class Projection
{
    private static readonly byte[] NoPrimaryKey = "[\"Error 400: Bad Request, no primary key\"]"u8.ToArray();
    private static readonly byte[] Unauthorized = "[\"Error 401: Unauthorized\"]"u8.ToArray();

    private readonly byte[]?[] _heads = new byte[]?[5];

    /// <param name="layout">The table.</param>
    /// <param name="readable">Columns that the role may select.</param>
    /// <param name="select">Columns that the entry asked for besides the primary key; null for all.</param>
    public Projection(TableLayout layout, FrozenSet<string> readable, IReadOnlyCollection<string>? select)
    {
        Layout = layout;
        Columns = [.. layout.Columns.Where(Shows)];
        Members = [.. layout.Members.Where(Shows)];
        RowError = layout.Table.Key.IsEmpty ? NoPrimaryKey
            : layout.Table.Key.All(c => readable.Contains(c.Name)) ? null
            : Unauthorized;
        Identity = string.Concat(layout.Columns.Select(c => Shows(c) ? '1' : '0')) + (RowError is null ? "" : RowError.Length);

        bool Shows(LayoutColumn c) =>
            readable.Contains(c.Column.Name) && (select is null || c.Column.IsKey || select.Contains(c.Column.Name));
    }

    /// <summary>The table.</summary>
    public TableLayout Layout { get; }

    /// <summary>The visible columns in table order.</summary>
    public ImmutableArray<LayoutColumn> Columns { get; }

    /// <summary>The visible columns in the order of a row's members.</summary>
    public ImmutableArray<LayoutColumn> Members { get; }

    /// <summary>The <c>errors</c> member that replaces the content of INSERT and UPDATE (protocol.md 7.7); null when there is content.</summary>
    public byte[]? RowError { get; }

    /// <summary>Equal for projections of one layout that show the same.</summary>
    public string Identity { get; }

    /// <summary>Everything before the commit time: <c>{"type":…,"schema":…,"table":…,"columns":[…],"commit_timestamp":</c>.</summary>
    public ReadOnlySpan<byte> Head(ChangeEvents kind) => _heads[(int)kind] ??= EncodeHead(kind);

    private byte[] EncodeHead(ChangeEvents kind)
    {
        var columns = kind != ChangeEvents.Delete && RowError is not null ? [] : Columns;
        var list = columns.SelectMany((c, i) => i == 0 ? c.Description : [(byte)',', .. c.Description]);
        return
        [
            .. "{\"type\":"u8, .. LayoutColumn.JsonName(kind.ToName()),
            .. ",\"schema\":"u8, .. LayoutColumn.JsonName(Layout.Table.Schema),
            .. ",\"table\":"u8, .. LayoutColumn.JsonName(Layout.Table.Name),
            .. ",\"columns\":["u8, .. list, .. "],\"commit_timestamp\":"u8,
        ];
    }
}
