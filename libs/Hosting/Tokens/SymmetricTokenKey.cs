using System.Diagnostics;
using System.Security.Cryptography;

namespace Realtime.Hosting.Tokens;

/// <summary>HMAC with a secret of any length: local set-ups use three bytes, which the usual JWT handlers refuse.</summary>
/// <param name="keyId">Key id of an <c>oct</c> key, or null for the shared secret.</param>
/// <param name="secret">The secret; null or empty makes a key that supports nothing, because anyone can sign with no secret.</param>
internal sealed class SymmetricTokenKey(string? keyId, byte[]? secret) : TokenKey(TokenKeyFamily.Symmetric, keyId)
{
    public override bool Supports(TokenAlgorithm algorithm) => secret is { Length: > 0 };

    public override bool Verify(TokenAlgorithm algorithm, ArraySegment<byte> signed, ArraySegment<byte> signature)
    {
        Span<byte> mac = stackalloc byte[HMACSHA512.HashSizeInBytes];
        var length = algorithm switch
        {
            TokenAlgorithm.HS256 => HMACSHA256.HashData(secret, signed, mac),
            TokenAlgorithm.HS384 => HMACSHA384.HashData(secret, signed, mac),
            TokenAlgorithm.HS512 => HMACSHA512.HashData(secret, signed, mac),
            _ => throw new UnreachableException(),
        };
        return CryptographicOperations.FixedTimeEquals(mac[..length], signature);
    }
}
