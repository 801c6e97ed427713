using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Realtime.Hosting.Tokens;

/// <summary>The public half of an Ed25519 or Ed448 key (RFC 8032, RFC 8037).</summary>
internal sealed class EdwardsTokenKey : TokenKey
{
    private readonly Ed25519PublicKeyParameters? _ed25519;
    private readonly Ed448PublicKeyParameters? _ed448;

    private EdwardsTokenKey(string keyId, Ed25519PublicKeyParameters? ed25519, Ed448PublicKeyParameters? ed448)
        : base(TokenKeyFamily.Edwards, keyId) => (_ed25519, _ed448) = (ed25519, ed448);

    /// <summary>The key, or null when the curve is another or the point is none that a signer may have.</summary>
    public static EdwardsTokenKey? Create(string keyId, string curve, byte[] point) => curve switch
    {
        // The full check refuses points of small order, for which anyone can make signatures.
        "Ed25519" when point.Length == Ed25519.PublicKeySize && Ed25519.ValidatePublicKeyFull(point, 0) =>
            new(keyId, new Ed25519PublicKeyParameters(point), null),
        "Ed448" when point.Length == Ed448.PublicKeySize && Ed448.ValidatePublicKeyFull(point, 0) =>
            new(keyId, null, new Ed448PublicKeyParameters(point)),
        _ => null,
    };

    public override bool Supports(TokenAlgorithm algorithm) => algorithm switch
    {
        TokenAlgorithm.EdDSA => true,
        TokenAlgorithm.Ed25519 => _ed25519 is not null,
        TokenAlgorithm.Ed448 => _ed448 is not null,
        _ => false,
    };

    public override bool Verify(TokenAlgorithm algorithm, ArraySegment<byte> signed, ArraySegment<byte> signature) =>
        _ed25519 is not null
            ? signature.Count == Ed25519.SignatureSize
                && _ed25519.Verify(Ed25519.Algorithm.Ed25519, null, signed.Array, signed.Offset, signed.Count, signature.Array, signature.Offset)
            : signature.Count == Ed448.SignatureSize
                && _ed448!.Verify(Ed448.Algorithm.Ed448, [], signed.Array, signed.Offset, signed.Count, signature.Array, signature.Offset);
}
