namespace Realtime.Hosting.Tokens;

/// <summary>The signature algorithms of protocol.md 1.5, by the names in a token's header.</summary>
internal enum TokenAlgorithm
{
    /// <summary><c>none</c>, <c>PS256</c> and whatever else no key may verify.</summary>
    Unsupported,
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    ES256,
    ES384,
    ES512,
    EdDSA,
    Ed25519,
    Ed448,
}

/// <summary>The kind of key an algorithm needs.</summary>
internal enum TokenKeyFamily
{
    Symmetric,
    Rsa,
    EllipticCurve,
    Edwards,
}

internal static class TokenAlgorithmExtensions
{
    public static TokenKeyFamily Family(this TokenAlgorithm algorithm) => algorithm switch
    {
        TokenAlgorithm.HS256 or TokenAlgorithm.HS384 or TokenAlgorithm.HS512 => TokenKeyFamily.Symmetric,
        TokenAlgorithm.RS256 or TokenAlgorithm.RS384 or TokenAlgorithm.RS512 => TokenKeyFamily.Rsa,
        TokenAlgorithm.ES256 or TokenAlgorithm.ES384 or TokenAlgorithm.ES512 => TokenKeyFamily.EllipticCurve,
        TokenAlgorithm.EdDSA or TokenAlgorithm.Ed25519 or TokenAlgorithm.Ed448 => TokenKeyFamily.Edwards,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "No key verifies this algorithm."),
    };
}
