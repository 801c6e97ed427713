using System.Collections.Frozen;
using System.Collections.Immutable;
using Realtime.Postgres.Values;

namespace Realtime.Cdc.Tables;

/// <summary>A table as the catalog has it now; replaced whole when it changes. Equal only to itself.</summary>
/// <param name="Id">Its OID.</param>
/// <param name="Schema">Its schema.</param>
/// <param name="Name">Its name.</param>
/// <param name="RowSecurity">Whether row-level security is enabled on it.</param>
/// <param name="Columns">The live columns in table order.</param>
/// <param name="Readable">For each role that was asked about and exists: the columns it may select.</param>
internal sealed record TableModel(
    uint Id,
    string Schema,
    string Name,
    bool RowSecurity,
    ImmutableArray<TableColumn> Columns,
    FrozenDictionary<string, FrozenSet<string>> Readable)
{
    /// <inheritdoc/>
    public bool Equals(TableModel? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)Id;

    /// <summary>Columns of the primary key; empty when there is none.</summary>
    public ImmutableArray<TableColumn> Key { get; } = [.. Columns.Where(c => c.IsKey)];

    /// <summary>Schema and name for SQL.</summary>
    public string QuotedName { get; } = $"{SqlIdentifier.Quote(Schema)}.{SqlIdentifier.Quote(Name)}";
}

/// <summary>A column of <see cref="TableModel"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsKey">Whether it is part of the primary key.</param>
internal sealed record TableColumn(string Name, ColumnType Type, bool IsKey);

/// <summary>Names in SQL.</summary>
internal static class SqlIdentifier
{
    /// <summary>The name in double quotes, with its own doubled.</summary>
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
