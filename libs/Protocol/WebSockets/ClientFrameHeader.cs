using System.Buffers;
using System.Buffers.Binary;

namespace Realtime.Protocol.WebSockets;

/// <summary>Outcome of looking for a frame header at the start of what has arrived.</summary>
public enum FrameHeaderStatus
{
    /// <summary>The header is complete and valid.</summary>
    Complete,

    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>The frame breaks RFC 6455; close with 1002.</summary>
    ProtocolError,

    /// <summary>The payload is larger than accepted; close with 1009.</summary>
    TooBig,
}

/// <summary>Header of one frame from a client (RFC 6455 section 5.2).</summary>
/// <param name="Opcode">A known opcode.</param>
/// <param name="IsFinal">Whether the message ends with this frame.</param>
/// <param name="HeaderLength">Bytes of the header, mask included.</param>
/// <param name="PayloadLength">Bytes that follow the header.</param>
/// <param name="Mask">The mask in memory order: the first byte of the payload is combined with its first byte.</param>
public readonly record struct ClientFrameHeader(WebSocketOpcode Opcode, bool IsFinal, int HeaderLength, int PayloadLength, uint Mask)
{
    private const int MaxLength = 14;

    /// <summary>Reads a header and applies every rule that does not need the payload.</summary>
    /// <param name="received">What has arrived and is not consumed yet.</param>
    /// <param name="maxPayloadLength">Largest accepted payload in bytes.</param>
    /// <param name="header">Valid only with <see cref="FrameHeaderStatus.Complete"/>.</param>
    public static FrameHeaderStatus TryRead(in ReadOnlySequence<byte> received, int maxPayloadLength, out ClientFrameHeader header)
    {
        if (received.FirstSpan.Length >= MaxLength || received.IsSingleSegment)
        {
            return TryRead(received.FirstSpan, maxPayloadLength, out header);
        }

        var start = received.Slice(0, Math.Min(MaxLength, received.Length));
        Span<byte> copy = stackalloc byte[MaxLength];
        start.CopyTo(copy);
        return TryRead(copy[..(int)start.Length], maxPayloadLength, out header);
    }

    // fin:1 rsv:3 opcode:4 | mask:1 length:7 | length:16 or :64 when 126 or 127 | mask:32
    private static FrameHeaderStatus TryRead(ReadOnlySpan<byte> bytes, int maxPayloadLength, out ClientFrameHeader header)
    {
        header = default;
        if (bytes.Length < 2)
        {
            return FrameHeaderStatus.Incomplete;
        }

        var isFinal = (bytes[0] & 0x80) != 0;
        var opcode = (WebSocketOpcode)(bytes[0] & 0x0F);
        var isControl = (bytes[0] & 0x08) != 0;
        var isKnown = opcode is <= WebSocketOpcode.Binary or (>= WebSocketOpcode.Close and <= WebSocketOpcode.Pong);
        var isReserved = (bytes[0] & 0x70) != 0;
        var isMasked = (bytes[1] & 0x80) != 0;
        var shortLength = bytes[1] & 0x7F;
        if (isReserved || !isKnown || !isMasked || (isControl && (!isFinal || shortLength > 125)))
        {
            return FrameHeaderStatus.ProtocolError;
        }

        var lengthBytes = shortLength switch { 126 => 2, 127 => 8, _ => 0 };
        var headerLength = 2 + lengthBytes + 4;
        if (bytes.Length < headerLength)
        {
            return FrameHeaderStatus.Incomplete;
        }

        var length = lengthBytes switch
        {
            0 => (ulong)shortLength,
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]),
        };
        var isMinimal = lengthBytes switch { 0 => true, 2 => length > 125, _ => length > ushort.MaxValue };
        if (!isMinimal || length > long.MaxValue)
        {
            return FrameHeaderStatus.ProtocolError;
        }

        if (length > (ulong)maxPayloadLength)
        {
            return FrameHeaderStatus.TooBig;
        }

        var mask = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(headerLength - 4)..]);
        header = new ClientFrameHeader(opcode, isFinal, headerLength, (int)length, mask);
        return FrameHeaderStatus.Complete;
    }
}
