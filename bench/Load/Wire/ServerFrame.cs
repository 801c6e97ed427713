using System.Buffers.Binary;

namespace Realtime.Load.Wire;

/// <summary>One whole frame from a server, read in place.</summary>
/// <remarks>Valid as long as the buffer it was read from.</remarks>
internal readonly ref struct ServerFrame
{
    /// <summary>Longest payload that is read, in bytes. A whole frame has to fit into the shared receive buffer.</summary>
    public const int MaxPayloadBytes = 200_000;

    private ServerFrame(Opcode opcode, ReadOnlySpan<byte> payload, int length)
    {
        Opcode = opcode;
        Payload = payload;
        Length = length;
    }

    /// <summary>Kind of the frame.</summary>
    public Opcode Opcode { get; }

    /// <summary>Payload without the header.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Bytes of header and payload together.</summary>
    public int Length { get; }

    /// <summary>Reads the frame at the start of a buffer.</summary>
    /// <returns><see langword="false"/> when the frame has not arrived completely.</returns>
    /// <exception cref="WireException">The frame is masked, fragmented, compressed or too long: no server under test sends that.</exception>
    public static bool TryRead(ReadOnlySpan<byte> buffer, out ServerFrame frame)
    {
        frame = default;
        if (buffer.Length < 2)
        {
            return false;
        }

        var opcode = (Opcode)(buffer[0] & 0x0F);
        if ((buffer[0] & 0xF0) != 0x80 || (buffer[1] & 0x80) != 0 || opcode == Opcode.Continuation)
        {
            throw new WireException($"Unexpected frame header 0x{buffer[0]:x2}{buffer[1]:x2}.");
        }

        var header = buffer[1] switch { 126 => 4, 127 => 10, _ => 2 };
        if (buffer.Length < header)
        {
            return false;
        }

        var length = header switch
        {
            4 => BinaryPrimitives.ReadUInt16BigEndian(buffer[2..]),
            10 => BinaryPrimitives.ReadUInt64BigEndian(buffer[2..]),
            _ => buffer[1],
        };
        if (length > MaxPayloadBytes)
        {
            throw new WireException($"A frame of {length} bytes is longer than {MaxPayloadBytes}.");
        }

        if ((ulong)(buffer.Length - header) < length)
        {
            return false;
        }

        frame = new ServerFrame(opcode, buffer.Slice(header, (int)length), header + (int)length);
        return true;
    }
}
