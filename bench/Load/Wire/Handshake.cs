using System.Text;

namespace Realtime.Load.Wire;

/// <summary>The opening handshake (RFC 6455 section 4) with the sample key of that text: a fixed key has a fixed answer.</summary>
internal static class Handshake
{
    /// <summary>The request of a client.</summary>
    public static byte[] Request(string target, string host) => Encoding.ASCII.GetBytes(
        $"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    /// <summary>Reads the answer at the start of a buffer.</summary>
    /// <returns>Its length in bytes; frames may follow. 0 when it has not arrived completely.</returns>
    /// <exception cref="WireException">The server refused; the message has its status line and what has arrived of the body.</exception>
    public static int ReadAnswer(ReadOnlySpan<byte> buffer)
    {
        var end = buffer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return buffer.Length <= MaxAnswerBytes ? 0 : throw new WireException("The answer to the handshake does not end.");
        }

        var head = buffer[..end];
        if (!head.StartsWith("HTTP/1.1 101"u8) || head.IndexOf("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="u8) < 0)
        {
            var body = buffer[(end + 4)..];
            var line = head.IndexOf((byte)'\r');
            var status = Encoding.Latin1.GetString(line < 0 ? head : head[..line]);
            throw new WireException($"Handshake refused: {status} {Encoding.Latin1.GetString(body[..Math.Min(body.Length, 200)])}".TrimEnd());
        }

        return end + 4;
    }

    private const int MaxAnswerBytes = 16_384;
}
