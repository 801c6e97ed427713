using System.Buffers;
using System.Buffers.Text;

namespace Realtime.Hosting.Tokens;

/// <summary>The three parts of a compact JWS (RFC 7515), decoded. Refers to the buffer it was decoded in.</summary>
internal readonly struct TokenParts
{
    /// <summary>The decoded header.</summary>
    public required ArraySegment<byte> Header { get; init; }

    /// <summary>The decoded claims.</summary>
    public required ArraySegment<byte> Claims { get; init; }

    /// <summary>What the signature signs: header and claims as they were sent.</summary>
    public required ArraySegment<byte> Signed { get; init; }

    /// <summary>The decoded signature; empty when there is none, or in another text than unpadded base64url: else one token had several texts, and a blocklist of texts would not hold.</summary>
    public required ArraySegment<byte> Signature { get; init; }

    /// <summary>Cuts and decodes a token.</summary>
    /// <param name="buffer">The token in ASCII, and behind it room for as much again.</param>
    /// <param name="length">Length of the token.</param>
    /// <param name="parts">The decoded parts.</param>
    /// <returns><see langword="false"/> when there are not three parts, or header or claims are not base64url.</returns>
    public static bool TryDecode(byte[] buffer, int length, out TokenParts parts)
    {
        parts = default;
        var token = buffer.AsSpan(0, length);
        var first = token.IndexOf((byte)'.');
        var second = token.LastIndexOf((byte)'.');
        if (first == second || token[(first + 1)..second].Contains((byte)'.'))
        {
            return false;
        }

        if (!TryDecode(buffer, 0, first, length, out var header)
            || !TryDecode(buffer, first + 1, second, header.Offset + header.Count, out var claims))
        {
            return false;
        }

        // The decoder refuses stray bits at the end; without padding, too, a signature has exactly one text.
        if (token[second..].Contains((byte)'=')
            || !TryDecode(buffer, second + 1, length, claims.Offset + claims.Count, out var signature))
        {
            signature = ArraySegment<byte>.Empty;
        }

        parts = new TokenParts
        {
            Header = header,
            Claims = claims,
            Signed = new ArraySegment<byte>(buffer, 0, second),
            Signature = signature,
        };
        return true;
    }

    private static bool TryDecode(byte[] buffer, int start, int end, int destination, out ArraySegment<byte> decoded)
    {
        var status = Base64Url.DecodeFromUtf8(buffer.AsSpan(start, end - start), buffer.AsSpan(destination), out _, out var written);
        decoded = new ArraySegment<byte>(buffer, destination, written);
        return status == OperationStatus.Done;
    }
}
