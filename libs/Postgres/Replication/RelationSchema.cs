using System.Collections.Immutable;

namespace Realtime.Postgres.Replication;

/// <summary>A table as the stream announced it, before the first of its changes and again after each change of its definition.</summary>
/// <param name="Id">The table's OID.</param>
/// <param name="Schema">Schema at that point of the log.</param>
/// <param name="Name">Name at that point of the log.</param>
/// <param name="Columns">The published columns, in the order of the tuples.</param>
public sealed record RelationSchema(uint Id, string Schema, string Name, ImmutableArray<RelationColumn> Columns);

/// <summary>A column of <see cref="RelationSchema"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="TypeId">OID of its type.</param>
/// <param name="TypeModifier">Its type modifier, -1 for none.</param>
/// <param name="IsIdentity">Whether it is part of the replica identity, so that old images have it.</param>
public readonly record struct RelationColumn(string Name, uint TypeId, int TypeModifier, bool IsIdentity);
