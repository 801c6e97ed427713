using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Realtime.Hosting.Tokens;

/// <summary>The public half of an RSA or elliptic curve key.</summary>
internal sealed class PublicTokenKey : TokenKey
{
    // Without the factory's cache: that one is shared by the process, bounded and evicts; these live as long as the key.
    private static readonly CryptoProviderFactory Providers = new() { CacheSignatureProviders = false };

    private readonly JsonWebKey _key;
    private readonly Lazy<SignatureProvider?>[] _providers;

    private PublicTokenKey(TokenKeyFamily family, JsonWebKey key, TokenAlgorithm first, int count)
        : base(family, key.Kid)
    {
        _key = key;
        FirstAlgorithm = first;
        _providers = [.. Enumerable.Range(0, count).Select(i => new Lazy<SignatureProvider?>(() => CreateProvider(first + i)))];
    }

    /// <summary>The lowest algorithm this key verifies; the provider of algorithm a is at a minus this.</summary>
    private TokenAlgorithm FirstAlgorithm { get; }

    /// <summary>An RSA key for RS256, RS384 and RS512; modulus and exponent in base64url.</summary>
    public static PublicTokenKey Rsa(string keyId, string modulus, string exponent) => new(
        TokenKeyFamily.Rsa,
        new JsonWebKey { Kid = keyId, Kty = JsonWebAlgorithmsKeyTypes.RSA, N = modulus, E = exponent },
        TokenAlgorithm.RS256,
        count: 3);

    /// <summary>An elliptic curve key for the one algorithm that belongs to its curve; null for a curve that belongs to none.</summary>
    public static PublicTokenKey? EllipticCurve(string keyId, string curve, string x, string y)
    {
        TokenAlgorithm? algorithm = curve switch
        {
            JsonWebKeyECTypes.P256 => TokenAlgorithm.ES256,
            JsonWebKeyECTypes.P384 => TokenAlgorithm.ES384,
            JsonWebKeyECTypes.P521 => TokenAlgorithm.ES512,
            _ => null,
        };
        return algorithm is { } only
            ? new PublicTokenKey(
                TokenKeyFamily.EllipticCurve,
                new JsonWebKey { Kid = keyId, Kty = JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv = curve, X = x, Y = y },
                only,
                count: 1)
            : null;
    }

    public override bool Supports(TokenAlgorithm algorithm) => ProviderOf(algorithm) is not null;

    public override bool Verify(TokenAlgorithm algorithm, ArraySegment<byte> signed, ArraySegment<byte> signature)
    {
        if (signature.Count == 0)
        {
            return false;
        }

        var provider = ProviderOf(algorithm) ?? throw new UnreachableException();
        try
        {
            return provider.Verify(signed.Array, signed.Offset, signed.Count, signature.Array, signature.Offset, signature.Count);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private SignatureProvider? ProviderOf(TokenAlgorithm algorithm)
    {
        var index = algorithm - FirstAlgorithm;
        return index >= 0 && index < _providers.Length ? _providers[index].Value : null;
    }

    private SignatureProvider? CreateProvider(TokenAlgorithm algorithm)
    {
        try
        {
            return Providers.CreateForVerifying(_key, algorithm.ToString());
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The key material is the tenant's: bad base64url, a point off the curve, a short modulus. The library answers
            // each with another exception; to us all mean that the key cannot be used.
            return null;
        }
    }
}
