using System.Diagnostics.CodeAnalysis;

namespace Realtime.Hosting.Tokens;

/// <summary>Outcome of a verification: exactly one of <see cref="Token"/> and <see cref="Failure"/> is set.</summary>
/// <remarks>The default value is neither; only <see cref="TokenVerifier"/> makes results.</remarks>
public readonly struct TokenResult
{
    private TokenResult(VerifiedToken? token, TokenFailure? failure) => (Token, Failure) = (token, failure);

    /// <summary>The accepted token, or null.</summary>
    public VerifiedToken? Token { get; }

    /// <summary>Why the token was refused, or null.</summary>
    public TokenFailure? Failure { get; }

    /// <summary>Whether the token was accepted.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsVerified => Token is not null;

    internal static TokenResult Verified(VerifiedToken token) => new(token, null);

    internal static TokenResult Refused(TokenFailure failure) => new(null, failure);
}
