using Realtime.Contracts.Wire;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>What stands before the items of an envelope.</summary>
/// <param name="Target">The process for whose inbox it was written.</param>
/// <param name="Publisher">The process that wrote it.</param>
/// <param name="Epoch">Grows when the publisher, having lost sight of the target, begins to count anew.</param>
/// <param name="Sequence">1 for the first envelope of an epoch, then one more each; 0 for a probe.</param>
/// <param name="SentUnixMilliseconds">When it was closed, by the publisher's clock.</param>
internal readonly record struct EnvelopeHeader(Guid Target, Guid Publisher, long Epoch, long Sequence, long SentUnixMilliseconds);

/// <summary>What one item of an envelope is.</summary>
internal enum EnvelopeItem : byte
{
    /// <summary>A <see cref="Contracts.Nodes.NodeMessage"/>.</summary>
    Message = 1,

    /// <summary>The publisher's number of users of one tenant changed to or from zero: revision, tenant, users.</summary>
    Hosting = 2,

    /// <summary>The publisher has an open inbox now: read the records of the nodes.</summary>
    Hello = 3,

    /// <summary>The publisher ends.</summary>
    Goodbye = 4,
}

/// <summary>The bytes of an envelope: version 1, the header, then items of kind and bytes up to the end.</summary>
internal static class Envelope
{
    /// <summary>Bytes before the first item.</summary>
    public const int HeaderBytes = 1 + 16 + 16 + 8 + 8 + 8;

    private const byte Version = 1;

    public static void WriteHeader(WireWriter output, EnvelopeHeader header)
    {
        output.WriteByte(Version);
        output.WriteGuid(header.Target);
        output.WriteGuid(header.Publisher);
        output.WriteInt64(header.Epoch);
        output.WriteInt64(header.Sequence);
        output.WriteInt64(header.SentUnixMilliseconds);
    }

    /// <returns>False for bytes that are no envelope of a known version.</returns>
    public static bool TryReadHeader(ref WireReader reader, out EnvelopeHeader header)
    {
        var version = reader.ReadByte();
        header = new EnvelopeHeader(reader.ReadGuid(), reader.ReadGuid(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64());
        return version == Version && !reader.Failed;
    }

    public static bool TryReadItem(ref WireReader reader, out EnvelopeItem kind, out ReadOnlyMemory<byte> content)
    {
        kind = (EnvelopeItem)reader.ReadByte();
        content = reader.ReadBytes();
        return !reader.Failed;
    }
}
