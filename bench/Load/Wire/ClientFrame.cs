using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Realtime.Load.Wire;

/// <summary>Writes complete, masked client frames (RFC 6455 section 5.3).</summary>
internal static class ClientFrame
{
    /// <summary>Longest header: two bytes, an eight-byte length and the mask.</summary>
    public const int MaxHeaderLength = 14;

    /// <summary>Writes a final frame.</summary>
    /// <param name="destination">Needs <see cref="MaxHeaderLength"/> bytes more than the payload.</param>
    /// <param name="opcode">Kind of the frame.</param>
    /// <param name="payload">Left unchanged; it must not overlap the destination.</param>
    /// <param name="mask">Any number; its bytes in big endian order are the masking key.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, Opcode opcode, ReadOnlySpan<byte> payload, uint mask)
    {
        destination[0] = (byte)(0x80 | (byte)opcode);
        int header;
        switch (payload.Length)
        {
            case < 126:
                destination[1] = (byte)(0x80 | payload.Length);
                header = 2;
                break;
            case <= ushort.MaxValue:
                destination[1] = 0x80 | 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payload.Length);
                header = 4;
                break;
            default:
                destination[1] = 0x80 | 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payload.Length);
                header = 10;
                break;
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination[header..], mask);
        header += 4;
        Mask(payload, destination.Slice(header, payload.Length), destination.Slice(header - 4, 4));
        return header + payload.Length;
    }

    /// <summary>A whole frame in an array of exactly its size.</summary>
    public static byte[] Create(Opcode opcode, ReadOnlySpan<byte> payload, uint mask)
    {
        var frame = new byte[MaxHeaderLength + payload.Length];
        return frame[..Write(frame, opcode, payload, mask)];
    }

    private static void Mask(ReadOnlySpan<byte> payload, Span<byte> destination, ReadOnlySpan<byte> key)
    {
        var word = MemoryMarshal.Read<uint>(key);
        var source = MemoryMarshal.Cast<byte, uint>(payload);
        var target = MemoryMarshal.Cast<byte, uint>(destination);
        for (var i = 0; i < source.Length; i++)
        {
            target[i] = source[i] ^ word;
        }

        for (var i = source.Length * 4; i < payload.Length; i++)
        {
            destination[i] = (byte)(payload[i] ^ key[i & 3]);
        }
    }
}
