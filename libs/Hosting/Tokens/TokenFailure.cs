using System.Globalization;

namespace Realtime.Hosting.Tokens;

/// <summary>Why a token was refused (protocol.md 1.5, 1.6 and 4.1).</summary>
public enum TokenFailureKind
{
    /// <summary>Not three parts, or header or claims are no JSON objects.</summary>
    Malformed,

    /// <summary><c>exp</c> is not in the future.</summary>
    Expired,

    /// <summary><c>role</c> or <c>exp</c> is absent.</summary>
    MissingClaims,

    /// <summary>The signature does not match.</summary>
    BadSignature,

    /// <summary>No usable key, and no key id was involved.</summary>
    NoSigner,

    /// <summary>No usable key for the key id of the token.</summary>
    NoSignerForKeyId,

    /// <summary>Any other claim that is not as it must be: a text <c>exp</c>, a claim validator.</summary>
    InvalidClaim,

    /// <summary>A fractional <c>exp</c> that lies in the future but leaves no whole second; refused by channels only.</summary>
    NoLifetimeLeft,
}

/// <summary>A refused token.</summary>
/// <param name="Kind">The class of the failure, which decides status and code.</param>
/// <param name="Message">The literal text of protocol.md for a handshake (section 1.6); never contains the token.</param>
/// <param name="ExpiredSecondsAgo">Whole seconds since expiry, not negative; 0 unless <see cref="TokenFailureKind.Expired"/>.</param>
public sealed record TokenFailure(TokenFailureKind Kind, string Message, long ExpiredSecondsAgo = 0)
{
    /// <summary>Characters of a key id that are repeated in a message; it comes from the client and may be as long as a frame.</summary>
    private const int MaxKeyIdLength = 256;

    internal static TokenFailure Malformed { get; } = new(TokenFailureKind.Malformed, "The token provided is not a valid JWT");

    internal static TokenFailure MissingClaims { get; } = new(TokenFailureKind.MissingClaims, "Fields `role` and `exp` are required in JWT");

    internal static TokenFailure BadSignature { get; } = new(TokenFailureKind.BadSignature, "Failed to validate JWT signature");

    internal static TokenFailure NoSigner { get; } = new(
        TokenFailureKind.NoSigner, "Failed to generate JWT signer, check your JWT secret or JWKS configuration");

    internal static TokenFailure NoLifetimeLeft { get; } = new(TokenFailureKind.NoLifetimeLeft, "Token expiration time is invalid");

    internal static TokenFailure NoSignerForKeyId(string keyId) => new(
        TokenFailureKind.NoSignerForKeyId,
        $"Failed to generate JWT signer for key ID (kid) \"{Shorten(keyId)}\", check your JWT secret or JWKS configuration");

    internal static TokenFailure Expired(long secondsAgo) => new(TokenFailureKind.Expired, "Token has expired", secondsAgo);

    internal static TokenFailure InvalidClaim(string name) => new(TokenFailureKind.InvalidClaim, $"Invalid value for JWT claim \"{name}\"");

    /// <summary>The <c>reason</c> of a refused join (protocol.md 4.1).</summary>
    public string JoinReason => Kind switch
    {
        TokenFailureKind.Malformed => "MalformedJWT: " + Message,
        TokenFailureKind.BadSignature => "JwtSignatureError: " + Message,
        TokenFailureKind.NoSigner or TokenFailureKind.NoSignerForKeyId => "JwtSignerError: " + Message,
        TokenFailureKind.Expired => "InvalidJWTToken: " + ExpiredMessage,
        TokenFailureKind.MissingClaims or TokenFailureKind.NoLifetimeLeft => "InvalidJWTToken: " + Message,
        _ => "Unknown Error on Channel",
    };

    /// <summary>The <c>message</c> of the system event that ends a channel when its token expired or a new one was refused (protocol.md 4.2 and 4.3).</summary>
    public string SystemMessage => Kind switch
    {
        TokenFailureKind.Expired => ExpiredMessage,
        TokenFailureKind.BadSignature => ":signature_error",
        TokenFailureKind.NoSigner => ":error_generating_signer",
        _ => Message,
    };

    private string ExpiredMessage => string.Create(CultureInfo.InvariantCulture, $"Token has expired {ExpiredSecondsAgo} seconds ago");

    private static string Shorten(string keyId)
    {
        if (keyId.Length <= MaxKeyIdLength)
        {
            return keyId;
        }

        // A surrogate pair is kept whole: half of one is no valid text.
        var length = char.IsHighSurrogate(keyId[MaxKeyIdLength - 1]) ? MaxKeyIdLength - 1 : MaxKeyIdLength;
        return string.Concat(keyId.AsSpan(0, length), "…");
    }
}
