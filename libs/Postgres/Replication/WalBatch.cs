using Realtime.Postgres.Filters;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Replication;

/// <summary>Consecutive changes with their bytes, filled by one <see cref="WalBatchReader"/> and then read by one consumer.</summary>
/// <remarks>Bounded: see <see cref="IsFull"/>. A single message may be larger than the bound; the buffer shrinks again when the batch is reused.</remarks>
public sealed class WalBatch
{
    /// <summary>Messages after which a batch is full.</summary>
    public const int MaxChanges = 2_048;

    /// <summary>Bytes after which a batch is full.</summary>
    public const int MaxBytes = 2 * 1024 * 1024;

    private const int InitialBytes = 16 * 1024;

    private readonly List<Message> _messages = [];
    private byte[] _bytes = new byte[InitialBytes];
    private ColumnValue[] _columns = new ColumnValue[256];
    private int _byteCount;
    private int _columnCount;

    /// <summary>Number of changes.</summary>
    public int Count => _messages.Count;

    /// <summary>Whether it must be handed on before more is read.</summary>
    public bool IsFull => _messages.Count >= MaxChanges || _byteCount >= MaxBytes;

    /// <summary>The end of the last transaction that ended within this batch or before it; zero for none.</summary>
    public ulong CommitEnd { get; internal set; }

    /// <summary>The table of a change.</summary>
    public RelationSchema TableOf(int index) => _messages[index].Table;

    /// <summary>Reads a change; the tuples are valid until <see cref="Clear"/>.</summary>
    /// <exception cref="InvalidDataException">The message is malformed.</exception>
    public WalChange Read(int index)
    {
        var message = _messages[index];
        var reader = new PgOutputReader(_bytes.AsSpan(message.Offset, message.Length));
        var kind = (PgOutputKind)reader.ReadByte();
        reader.ReadUInt32();
        var position = message.Offset + 5;
        ReadOnlyMemory<ColumnValue> old = default;
        Memory<ColumnValue> @new = default;
        var part = NextByte(ref reader, ref position);
        if (part is (byte)'K' or (byte)'O')
        {
            old = ReadTuple(ref reader, ref position, message.Table, identityOnly: part == (byte)'K');
            part = kind == PgOutputKind.Update ? NextByte(ref reader, ref position) : (byte)0;
        }

        if (part == (byte)'N')
        {
            @new = ReadTuple(ref reader, ref position, message.Table, identityOnly: false);
        }

        if (kind == PgOutputKind.Update && old.IsEmpty)
        {
            old = IdentityOf(@new.Span, message.Table);
        }
        else if (kind == PgOutputKind.Update)
        {
            FillAbsent(@new.Span, old.Span);
        }

        var change = kind switch
        {
            PgOutputKind.Insert => ChangeEvents.Insert,
            PgOutputKind.Update => ChangeEvents.Update,
            _ => ChangeEvents.Delete,
        };
        return (change == ChangeEvents.Delete ? old : @new).IsEmpty && !message.Table.Columns.IsEmpty
            ? throw new InvalidDataException("A replication message has no row.")
            : new WalChange(change, message.Table, message.CommitMicroseconds, message.Length, @new, old);
    }

    /// <summary>Makes it empty for reuse; everything that points into it becomes invalid.</summary>
    public void Clear()
    {
        _messages.Clear();
        _byteCount = 0;
        _columnCount = 0;
        CommitEnd = 0;
        if (_bytes.Length > 2 * MaxBytes)
        {
            _bytes = new byte[InitialBytes];
        }

        if (_columns.Length > 262_144)
        {
            _columns = new ColumnValue[256];
        }
    }

    internal Memory<byte> Reserve(int length)
    {
        if (_bytes.Length - _byteCount < length)
        {
            Array.Resize(ref _bytes, Math.Max(_byteCount + length, Math.Min(_bytes.Length * 2, 2 * MaxBytes)));
        }

        return _bytes.AsMemory(_byteCount, length);
    }

    internal void Append(int length, RelationSchema table, long commitMicroseconds)
    {
        _messages.Add(new Message(_byteCount, length, table, commitMicroseconds));
        _byteCount += length;
    }

    private static byte NextByte(ref PgOutputReader reader, ref int position)
    {
        position++;
        return reader.ReadByte();
    }

    // Tuple: number of columns, then for each n (null), u (unchanged out-of-line value), t (length, text).
    private Memory<ColumnValue> ReadTuple(ref PgOutputReader reader, ref int position, RelationSchema table, bool identityOnly)
    {
        var count = reader.ReadInt16();
        position += 2;
        if (count != table.Columns.Length)
        {
            throw new InvalidDataException("A replication message has another number of columns than its table.");
        }

        var target = TakeColumns(count);
        for (var i = 0; i < count; i++)
        {
            var kind = NextByte(ref reader, ref position);
            switch (kind)
            {
                case (byte)'t':
                    var length = reader.ReadInt32();
                    reader.Take(length);
                    target.Span[i] = ColumnValue.Of(_bytes.AsMemory(position + 4, length));
                    position += 4 + length;
                    break;
                case (byte)'n':
                    target.Span[i] = ColumnValue.Null;
                    break;
                default:
                    target.Span[i] = ColumnValue.Absent;
                    break;
            }

            // A key image has the other columns as null, too: they are not in it.
            if (identityOnly && !table.Columns[i].IsIdentity)
            {
                target.Span[i] = ColumnValue.Absent;
            }
        }

        return target;
    }

    private static void FillAbsent(Span<ColumnValue> image, ReadOnlySpan<ColumnValue> old)
    {
        for (var i = 0; i < Math.Min(image.Length, old.Length); i++)
        {
            if (image[i].Presence == ColumnPresence.Absent)
            {
                image[i] = old[i];
            }
        }
    }

    private Memory<ColumnValue> IdentityOf(ReadOnlySpan<ColumnValue> image, RelationSchema table)
    {
        var target = TakeColumns(image.Length);
        for (var i = 0; i < image.Length; i++)
        {
            target.Span[i] = table.Columns[i].IsIdentity ? image[i] : ColumnValue.Absent;
        }

        return target;
    }

    // Columns handed out before keep their old array when this one grows.
    private Memory<ColumnValue> TakeColumns(int count)
    {
        if (_columns.Length - _columnCount < count)
        {
            _columns = new ColumnValue[Math.Max(_columns.Length * 2, count)];
            _columnCount = 0;
        }

        var taken = _columns.AsMemory(_columnCount, count);
        _columnCount += count;
        return taken;
    }

    private readonly record struct Message(int Offset, int Length, RelationSchema Table, long CommitMicroseconds);
}
