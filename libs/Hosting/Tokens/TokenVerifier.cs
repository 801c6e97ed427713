using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tokens;

/// <summary>Verifies the signature and the claims of tokens (protocol.md 1.5). Thread-safe; hostile tokens are refused, never thrown at.</summary>
public sealed class TokenVerifier(TokenSettings settings, TimeProvider time)
{
    // exp and iat keep their own rules whatever an operator configures for them.
    private readonly FrozenDictionary<string, JsonElement> _claimValidators =
        settings.ClaimValidators.Where(v => v.Key is not ("exp" or "iat")).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>
    /// Verifies a token: its form, then its key, signature, <c>exp</c>, <c>iat</c>, the configured claims, and at last the
    /// presence of <c>role</c> and <c>exp</c>. The first that fails is the failure.
    /// </summary>
    /// <param name="token">The token as the client sent it: percent-encoding and whitespace are removed here.</param>
    /// <param name="keys">Keys of the tenant.</param>
    /// <param name="requireRoleAndExp">Whether claims <c>role</c> and <c>exp</c> must be present, as for all tokens but those of operators.</param>
    public TokenResult Verify(ReadOnlySpan<char> token, TokenKeys keys, bool requireRoleAndExp)
    {
        // One buffer for the prepared token and, behind it, its decoded parts, which are shorter than their encoding.
        var buffer = ArrayPool<byte>.Shared.Rent(2 * token.Length);
        try
        {
            return TokenText.TryPrepare(token, buffer, out var length)
                && TokenParts.TryDecode(buffer, length, out var parts)
                && TokenHeader.TryRead(parts.Header, out var header)
                && TokenClaims.TryRead(parts.Claims, out var claims)
                    ? Verify(parts, header, claims, keys, requireRoleAndExp)
                    : TokenResult.Refused(TokenFailure.Malformed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Verifies the token of a channel, for a join or an <c>access_token</c> event: all of <see cref="Verify"/>, and at least one whole second left (protocol.md 4.1).</summary>
    public TokenResult VerifyForChannel(ReadOnlySpan<char> token, TokenKeys keys)
    {
        var result = Verify(token, keys, requireRoleAndExp: true);
        return result.Token is { } verified && CheckExpiry(verified) is not null
            ? TokenResult.Refused(TokenFailure.NoLifetimeLeft)
            : result;
    }

    /// <summary>Looks at the clock again, for a token that was verified earlier (protocol.md 4.2).</summary>
    /// <returns>Null while it lasts, which is for ever without <c>exp</c>.</returns>
    public TokenFailure? CheckExpiry(VerifiedToken token) =>
        token.ExpiresAt is { } expiresAt && Now() is var now && expiresAt <= now ? TokenFailure.Expired(now - expiresAt) : null;

    private TokenResult Verify(TokenParts parts, TokenHeader header, TokenClaims claims, TokenKeys keys, bool requireRoleAndExp)
    {
        if (!keys.TrySelect(header, out var key, out var failure))
        {
            return TokenResult.Refused(failure);
        }

        if (parts.Signature.Count == 0 || !key.Verify(header.Algorithm, parts.Signed, parts.Signature))
        {
            return TokenResult.Refused(TokenFailure.BadSignature);
        }

        failure = CheckTimes(claims) ?? CheckValidators(parts.Claims);
        if (failure is null && requireRoleAndExp && !(claims.HasRole && claims.ExpiresAt.IsPresent))
        {
            failure = TokenFailure.MissingClaims;
        }

        return failure is not null
            ? TokenResult.Refused(failure)
            : TokenResult.Verified(new VerifiedToken
            {
                ClaimsJson = claims.ToJson(),
                Role = claims.Role,
                Subject = claims.Subject,
                ExpiresAt = claims.ExpiresAt.IsPresent ? claims.ExpiresAt.Rounded : null,
            });
    }

    private TokenFailure? CheckTimes(TokenClaims claims)
    {
        if (claims.ExpiresAt is { IsPresent: true, IsNumber: false })
        {
            return TokenFailure.InvalidClaim("exp");
        }

        if (claims.ExpiresAt.IsPresent && Now() is var now && !claims.ExpiresAt.IsAfter(now))
        {
            return TokenFailure.Expired(now - claims.ExpiresAt.Rounded);
        }

        return claims.IssuedAt is { IsPresent: true, IsNumber: false } ? TokenFailure.InvalidClaim("iat") : null;
    }

    /// <summary>Configured claims must equal the configured JSON value when they are there; an array never equals a string.</summary>
    private TokenFailure? CheckValidators(ReadOnlySpan<byte> claimsJson)
    {
        if (_claimValidators.Count == 0)
        {
            return null;
        }

        var claims = JsonElement.Parse(claimsJson);
        foreach (var (name, expected) in _claimValidators)
        {
            if (claims.TryGetProperty(name, out var actual) && !JsonElement.DeepEquals(actual, expected))
            {
                return TokenFailure.InvalidClaim(name);
            }
        }

        return null;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeSeconds();
}
