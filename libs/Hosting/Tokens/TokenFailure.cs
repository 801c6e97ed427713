namespace Realtime.Hosting.Tokens;

/// <summary>Why a token was refused (protocol.md 1.5, 1.6 and 4.1).</summary>
public enum TokenFailureKind
{
    /// <summary>Not three parts, or header or claims do not decode.</summary>
    Malformed,

    /// <summary>An integer <c>exp</c> that is not in the future.</summary>
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
}

/// <summary>A refused token.</summary>
/// <param name="Kind">The class of the failure, which decides status and code.</param>
/// <param name="Message">The literal text of protocol.md for a handshake (section 1.6); never contains the token.</param>
/// <param name="ExpiredSecondsAgo">Whole seconds since expiry, not negative; 0 unless <see cref="TokenFailureKind.Expired"/>.</param>
public sealed record TokenFailure(TokenFailureKind Kind, string Message, long ExpiredSecondsAgo = 0);
