using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Realtime.Hosting.Tokens;

/// <summary>All keys of a tenant that verify tokens: its shared secret and its JSON Web Key Set.</summary>
/// <remarks>Parsed once, immutable, thread-safe; share one instance for as long as the tenant's settings stay the same.</remarks>
public sealed class TokenKeys
{
    private readonly SymmetricTokenKey _sharedSecret;
    private readonly TokenKey[]? _keySet;

    private TokenKeys(SymmetricTokenKey sharedSecret, TokenKey[]? keySet) => (_sharedSecret, _keySet) = (sharedSecret, keySet);

    /// <summary>Parses the keys. Never throws: a bad key is an unusable key, a text that is no key set counts as none.</summary>
    /// <param name="secret">Shared secret of HMAC tokens, any length; null or empty when only the key set signs.</param>
    /// <param name="jwksJson">JSON Web Key Set as stored (<c>{"keys":[…]}</c>); null when there is none.</param>
    public static TokenKeys Create(string? secret, string? jwksJson) => new(
        new SymmetricTokenKey(null, secret is null ? null : Encoding.UTF8.GetBytes(secret)),
        JsonWebKeySetReader.Read(jwksJson));

    /// <summary>Picks the key by algorithm and key id (table in protocol.md 1.5).</summary>
    internal bool TrySelect(
        TokenHeader header,
        [NotNullWhen(true)] out TokenKey? key,
        [NotNullWhen(false)] out TokenFailure? failure)
    {
        (key, failure) = (null, null);
        if (header.Algorithm == TokenAlgorithm.Unsupported)
        {
            failure = TokenFailure.NoSigner;
            return false;
        }

        var family = header.Algorithm.Family();
        var isNamed = false;
        if (header.KeyId is not null && _keySet is not null)
        {
            foreach (var candidate in _keySet)
            {
                if (candidate.Family == family && candidate.KeyId == header.KeyId)
                {
                    isNamed = true;
                    if (candidate.Supports(header.Algorithm))
                    {
                        key = candidate;
                        return true;
                    }
                }
            }
        }

        if (family == TokenKeyFamily.Symmetric && !isNamed && _sharedSecret.Supports(header.Algorithm))
        {
            key = _sharedSecret;
            return true;
        }

        failure = header.KeyId is not null && _keySet is not null ? TokenFailure.NoSignerForKeyId(header.KeyId) : TokenFailure.NoSigner;
        return false;
    }
}
