using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Realtime.Postgres.Replication;

/// <summary>Reads one message of the plugin <c>pgoutput</c>, protocol version 1, field by field.</summary>
/// <remarks>Source: PostgreSQL, Logical Replication Message Formats. Integers are big-endian. Throws <see cref="InvalidDataException"/> when the bytes end early.</remarks>
public ref struct PgOutputReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>What is left of the message.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The table that an insert, update or delete is about, without reading further; zero for other messages.</summary>
    public static uint RelationOf(ReadOnlySpan<byte> message) =>
        message.Length >= 5 && (PgOutputKind)message[0] is PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete
            ? BinaryPrimitives.ReadUInt32BigEndian(message[1..])
            : 0;

    /// <summary>One byte: the kind of the message, the kind of a tuple or of a column.</summary>
    public byte ReadByte() => Take(1)[0];

    /// <summary>Length of a tuple and flags.</summary>
    public int ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    /// <summary>Lengths and type modifiers.</summary>
    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    /// <summary>OIDs.</summary>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    /// <summary>Positions in the log.</summary>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(8));

    /// <summary>Times: microseconds since 2000-01-01 00:00:00 UTC.</summary>
    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    /// <summary>The following bytes.</summary>
    public ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)_rest.Length)
        {
            throw new InvalidDataException("A replication message ended early.");
        }

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    /// <summary>A string that ends with a zero byte.</summary>
    public string ReadString()
    {
        var end = _rest.IndexOf((byte)0);
        if (end < 0)
        {
            throw new InvalidDataException("A replication message ended within a name.");
        }

        var text = Encoding.UTF8.GetString(_rest[..end]);
        _rest = _rest[(end + 1)..];
        return text;
    }

    /// <summary>After <see cref="PgOutputKind.Begin"/>: final LSN, commit time, transaction id.</summary>
    public (ulong FinalLsn, long CommitMicroseconds) ReadBegin() => (ReadUInt64(), ReadInt64());

    /// <summary>After <see cref="PgOutputKind.Commit"/>: flags, LSN of the commit, end LSN of the transaction, commit time.</summary>
    /// <returns>The end LSN: what has to be confirmed.</returns>
    public ulong ReadCommitEnd()
    {
        Take(1 + 8);
        return ReadUInt64();
    }

    /// <summary>After <see cref="PgOutputKind.Relation"/>: id, schema, name, replica identity, columns of (flags, name, type, modifier).</summary>
    public RelationSchema ReadRelation()
    {
        var id = ReadUInt32();
        var schema = ReadString();
        var name = ReadString();
        ReadByte();
        var count = ReadInt16();
        var columns = ImmutableArray.CreateBuilder<RelationColumn>(Math.Clamp(count, 0, 1_664));
        for (var i = 0; i < count; i++)
        {
            var flags = ReadByte();
            columns.Add(new RelationColumn(ReadString(), ReadUInt32(), ReadInt32(), (flags & 1) != 0));
        }

        // An empty schema stands for pg_catalog.
        return new RelationSchema(id, schema.Length == 0 ? "pg_catalog" : schema, name, columns.DrainToImmutable());
    }
}
