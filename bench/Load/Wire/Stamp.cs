using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Realtime.Load.Wire;

/// <summary>What every published payload carries: who sent it, its place in that sender's order, and when.</summary>
/// <param name="Publisher">Number of the publisher within its topic, from 0.</param>
/// <param name="Sequence">Counts the publisher's messages from 0 without gaps.</param>
/// <param name="Ticks"><see cref="System.Diagnostics.Stopwatch"/> ticks just before the send, of this process.</param>
/// <remarks>
/// The payload is a JSON object of a fixed size: <c>{"stamp":"40 hex digits","pad":"aaa…"}</c>. The digits are 4 bytes publisher, 8 bytes
/// sequence and 8 bytes ticks, big endian.
/// </remarks>
internal readonly record struct Stamp(int Publisher, long Sequence, long Ticks)
{
    private const int Bytes = 20;
    private const int Digits = Bytes * 2;

    /// <summary>Smallest payload that has room for a stamp, in bytes.</summary>
    public static int MinPayloadBytes { get; } = Marker.Length + Digits + "\",\"pad\":\"\"}".Length;

    /// <summary>How a stamped payload begins.</summary>
    public static ReadOnlySpan<byte> Marker => "{\"stamp\":\""u8;

    /// <summary>A payload of exactly this size whose stamp is still empty.</summary>
    public static byte[] CreatePayload(int payloadBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(payloadBytes, MinPayloadBytes);
        return Encoding.ASCII.GetBytes(
            $"{Encoding.ASCII.GetString(Marker)}{new string('0', Digits)}\",\"pad\":\"{new string('a', payloadBytes - MinPayloadBytes)}\"}}");
    }

    /// <summary>Writes the stamp into a payload made by <see cref="CreatePayload"/>.</summary>
    public void WriteTo(Span<byte> payload)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Publisher);
        BinaryPrimitives.WriteInt64BigEndian(bytes[4..], Sequence);
        BinaryPrimitives.WriteInt64BigEndian(bytes[12..], Ticks);
        Convert.TryToHexStringLower(bytes, payload[Marker.Length..], out _);
    }

    /// <summary>Reads the stamp at the start of a payload.</summary>
    /// <returns><see langword="false"/> when the payload does not begin with a stamp.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out Stamp stamp)
    {
        stamp = default;
        if (payload.Length < Marker.Length + Digits || !payload.StartsWith(Marker))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Bytes];
        if (Convert.FromHexString(payload.Slice(Marker.Length, Digits), bytes, out _, out _) != OperationStatus.Done)
        {
            return false;
        }

        stamp = new Stamp(
            BinaryPrimitives.ReadInt32BigEndian(bytes),
            BinaryPrimitives.ReadInt64BigEndian(bytes[4..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[12..]));
        return true;
    }
}
