using System.Collections.Immutable;

namespace Realtime.Postgres.Values;

/// <summary>A type of the tenant's database as <see cref="TypeCatalog"/> read it. Never changed; a changed type is read anew.</summary>
public sealed class ColumnType
{
    /// <summary>Oid of the type.</summary>
    public required uint Oid { get; init; }

    /// <summary>Name in <c>columns[].type</c>: the catalog's, such as <c>int8</c> or <c>_text</c>, without schema.</summary>
    public required string Name { get; init; }

    /// <summary>Name in error texts: the SQL name, such as <c>character varying</c>.</summary>
    public required string SqlName { get; init; }

    /// <summary>Schema and name, quoted for use in SQL.</summary>
    public required string QuotedName { get; init; }

    /// <summary>Type of the array literals of an <c>in</c> filter, quoted for use in SQL; null where there is none.</summary>
    public required string? QuotedArrayName { get; init; }

    /// <summary>Type of the elements of an array; null for other types. A domain over an array has them, too.</summary>
    public ColumnType? Element { get; init; }

    /// <summary>What a domain is defined over, itself never a domain; null for other types.</summary>
    public ColumnType? Base { get; init; }

    /// <summary>Attributes of a composite type, or of a domain over one, in their order.</summary>
    public ImmutableArray<CompositeField> Attributes { get; init; } = [];

    /// <summary>Labels of an enum, or of a domain over one, in their order.</summary>
    public ImmutableArray<string> Labels { get; init; } = [];

    /// <summary>Whether <see cref="JsonValueWriter"/> can write values of the type.</summary>
    public ValueConversion Conversion => Format switch
    {
        ValueFormat.Database => ValueConversion.NeedsDatabase,
        ValueFormat.Array => Element!.Conversion,
        ValueFormat.Composite when Attributes.Any(a => a.Type.Conversion == ValueConversion.NeedsDatabase) => ValueConversion.NeedsDatabase,
        _ => ValueConversion.Exact,
    };

    /// <summary>The type itself, or what a domain is defined over.</summary>
    public ColumnType Storage => Base ?? this;

    internal ValueFormat Format { get; init; }

    /// <summary>Separates elements in the text of an array of this type.</summary>
    internal byte Delimiter { get; init; } = (byte)',';

    internal TypeOperators Operators { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>An attribute of a composite type.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
public sealed record CompositeField(string Name, ColumnType Type);

/// <summary>The pattern operators that the catalog has for exactly this type, which decides about some filters (tenant-database.md 6.4).</summary>
[Flags]
internal enum TypeOperators
{
    None = 0,
    Like = 1,
    Match = 2,
    MatchIgnoringCase = 4,
}
