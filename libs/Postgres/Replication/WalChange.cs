using Realtime.Postgres.Filters;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Replication;

/// <summary>One change of one row, pointing into the bytes of its <see cref="WalBatch"/>.</summary>
/// <param name="Kind">Insert, update or delete.</param>
/// <param name="Table">The table as it was announced before this change.</param>
/// <param name="CommitMicroseconds">When its transaction was committed: microseconds since 2000-01-01 00:00:00 UTC.</param>
/// <param name="Size">Bytes of the whole message.</param>
/// <param name="New">
/// The new image, one per published column of the table; empty for a delete. An unchanged value kept out of line is taken from the old
/// image and absent if that does not have it either.
/// </param>
/// <param name="Old">
/// What the replica identity keeps of the old image, likewise; empty for an insert. Where an update sent none, the key did not change and
/// this has the identity columns of the new image.
/// </param>
public readonly record struct WalChange(
    ChangeEvents Kind, RelationSchema Table, long CommitMicroseconds, int Size, ReadOnlyMemory<ColumnValue> New, ReadOnlyMemory<ColumnValue> Old);
