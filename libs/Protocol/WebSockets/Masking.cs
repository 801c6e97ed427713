using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Realtime.Protocol.WebSockets;

/// <summary>Removes the mask of client frames (RFC 6455 section 5.3).</summary>
public static class Masking
{
    /// <summary>Copies a payload out of the receive buffers and unmasks it on the way.</summary>
    /// <param name="payload">The masked payload.</param>
    /// <param name="mask">Mask in memory order, as <see cref="ClientFrameHeader.Mask"/> gives it.</param>
    /// <param name="destination">As long as the payload.</param>
    public static void CopyUnmasked(in ReadOnlySequence<byte> payload, uint mask, Span<byte> destination)
    {
        if (payload.IsSingleSegment)
        {
            Unmask(payload.FirstSpan, mask, destination);
            return;
        }

        foreach (var segment in payload)
        {
            Unmask(segment.Span, mask, destination);
            destination = destination[segment.Length..];
            // The next segment continues in the middle of the mask; shifting right drops the bytes that were used (little endian).
            mask = BitOperations.RotateRight(mask, 8 * (segment.Length % 4));
        }
    }

    private static void Unmask(ReadOnlySpan<byte> source, uint mask, Span<byte> destination)
    {
        var offset = 0;
        if (Vector.IsHardwareAccelerated && source.Length >= Vector<byte>.Count)
        {
            var masks = Vector.AsVectorByte(new Vector<uint>(mask));
            for (; offset <= source.Length - Vector<byte>.Count; offset += Vector<byte>.Count)
            {
                (new Vector<byte>(source[offset..]) ^ masks).CopyTo(destination[offset..]);
            }
        }

        var words = MemoryMarshal.Cast<byte, uint>(source[offset..]);
        var targets = MemoryMarshal.Cast<byte, uint>(destination[offset..]);
        for (var i = 0; i < words.Length; i++)
        {
            targets[i] = words[i] ^ mask;
        }

        for (offset += words.Length * 4; offset < source.Length; offset++)
        {
            destination[offset] = (byte)(source[offset] ^ (mask >> (8 * (offset % 4))));
        }
    }
}
