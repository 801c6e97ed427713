using System.Buffers.Binary;

namespace Realtime.Protocol.WebSockets;

/// <summary>Writes complete, unmasked server frames (RFC 6455 section 5.1: a server must not mask).</summary>
/// <remarks>Without a mask the same bytes serve every receiver, so a message is framed once however many clients get it.</remarks>
public static class ServerFrame
{
    /// <summary>Longest header of an unmasked frame, in bytes.</summary>
    public const int MaxHeaderLength = 10;

    /// <summary>Bytes that the header of a frame with this payload takes.</summary>
    public static int HeaderLength(int payloadLength) => payloadLength switch
    {
        < 126 => 2,
        <= ushort.MaxValue => 4,
        _ => 10,
    };

    /// <summary>Writes the header of a final frame; <paramref name="destination"/> needs <see cref="HeaderLength"/> bytes.</summary>
    /// <returns>Bytes written.</returns>
    public static int WriteHeader(Span<byte> destination, WebSocketOpcode opcode, int payloadLength)
    {
        destination[0] = (byte)(0x80 | (byte)opcode);
        switch (payloadLength)
        {
            case < 126:
                destination[1] = (byte)payloadLength;
                return 2;
            case <= ushort.MaxValue:
                destination[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)payloadLength);
                return 4;
            default:
                destination[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)payloadLength);
                return 10;
        }
    }

    /// <summary>A whole frame in an array of exactly its size.</summary>
    public static byte[] Create(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        var frame = GC.AllocateUninitializedArray<byte>(HeaderLength(payload.Length) + payload.Length);
        var header = WriteHeader(frame, opcode, payload.Length);
        payload.CopyTo(frame.AsSpan(header));
        return frame;
    }

    /// <summary>A close frame with a status code and no reason.</summary>
    public static byte[] CreateClose(ushort code)
    {
        Span<byte> body = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(body, code);
        return Create(WebSocketOpcode.Close, body);
    }
}
