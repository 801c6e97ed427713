using Realtime.Postgres.Values;

namespace Realtime.Postgres.Filters;

/// <summary>A column as far as comparing depends on it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="QuotedCollation">Schema and name of its own collation, quoted for SQL; null for the database's default or none.</param>
/// <param name="EqualityIsBytewise">Whether texts are equal only if their bytes are: the collation is deterministic, the encoding known.</param>
/// <param name="OrderIsBytewise">Whether texts are ordered by their UTF-8 bytes: collation C, POSIX or built-in.</param>
internal sealed record FilterColumn(string Name, ColumnType Type, string? QuotedCollation, bool EqualityIsBytewise, bool OrderIsBytewise);
