namespace Realtime.Hosting.Tokens;

/// <summary>One key that verifies signatures. Immutable and thread-safe.</summary>
internal abstract class TokenKey(TokenKeyFamily family, string? keyId)
{
    /// <summary>Kind of the key; a key never verifies an algorithm of another kind, so a public key cannot pass for a shared secret.</summary>
    public TokenKeyFamily Family { get; } = family;

    /// <summary>Member <c>kid</c> of a JSON Web Key, or null for the tenant's shared secret.</summary>
    public string? KeyId { get; } = keyId;

    /// <summary>Whether this key can verify the algorithm, which is one of its family.</summary>
    public abstract bool Supports(TokenAlgorithm algorithm);

    /// <summary>Whether <paramref name="signature"/> is this key's signature of <paramref name="signed"/>. Only for supported algorithms; never throws.</summary>
    public abstract bool Verify(TokenAlgorithm algorithm, ArraySegment<byte> signed, ArraySegment<byte> signature);
}
