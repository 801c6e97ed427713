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

    /// <summary>The decoded signature, empty without <see cref="HasSignature"/>.</summary>
    public required ArraySegment<byte> Signature { get; init; }

    /// <summary>Whether the third part is the one base64url text of its bytes. Else one token had several texts, and a blocklist of texts would not hold.</summary>
    public bool HasSignature => Signature.Count > 0;

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

        var isSigned = TryDecode(buffer, second + 1, length, claims.Offset + claims.Count, out var signature)
            && IsCanonical(token[(second + 1)..], signature);
        parts = new TokenParts
        {
            Header = header,
            Claims = claims,
            Signed = new ArraySegment<byte>(buffer, 0, second),
            Signature = isSigned ? signature : ArraySegment<byte>.Empty,
        };
        return true;
    }

    private static bool TryDecode(byte[] buffer, int start, int end, int destination, out ArraySegment<byte> decoded)
    {
        var status = Base64Url.DecodeFromUtf8(buffer.AsSpan(start, end - start), buffer.AsSpan(destination), out _, out var written);
        decoded = new ArraySegment<byte>(buffer, destination, written);
        return status == OperationStatus.Done;
    }

    private static bool IsCanonical(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        Span<byte> encoded = stackalloc byte[1024];
        return text.Length <= encoded.Length
            && Base64Url.EncodeToUtf8(signature, encoded) is var length
            && text.SequenceEqual(encoded[..length]);
    }
}
