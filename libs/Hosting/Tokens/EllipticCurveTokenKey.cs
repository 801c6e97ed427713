using System.Security.Cryptography;
using Microsoft.Extensions.ObjectPool;

namespace Realtime.Hosting.Tokens;

/// <summary>The public half of an elliptic curve key, for the one algorithm that belongs to its curve.</summary>
internal sealed class EllipticCurveTokenKey : TokenKey
{
    private readonly TokenAlgorithm _algorithm;
    private readonly HashAlgorithmName _hash;
    private readonly ObjectPool<ECDsa> _keys;

    private EllipticCurveTokenKey(string keyId, TokenAlgorithm algorithm, HashAlgorithmName hash, ObjectPool<ECDsa> keys)
        : base(TokenKeyFamily.EllipticCurve, keyId) => (_algorithm, _hash, _keys) = (algorithm, hash, keys);

    /// <summary>The key, or null when the curve has no algorithm or the point is not on it.</summary>
    public static EllipticCurveTokenKey? Create(string keyId, string curve, byte[] x, byte[] y) => curve switch
    {
        "P-256" => Create(keyId, TokenAlgorithm.ES256, HashAlgorithmName.SHA256, ECCurve.NamedCurves.nistP256, x, y),
        "P-384" => Create(keyId, TokenAlgorithm.ES384, HashAlgorithmName.SHA384, ECCurve.NamedCurves.nistP384, x, y),
        "P-521" => Create(keyId, TokenAlgorithm.ES512, HashAlgorithmName.SHA512, ECCurve.NamedCurves.nistP521, x, y),
        _ => null,
    };

    public override bool Supports(TokenAlgorithm algorithm) => algorithm == _algorithm;

    public override bool Verify(TokenAlgorithm algorithm, ArraySegment<byte> signed, ArraySegment<byte> signature)
    {
        var key = _keys.Get();
        try
        {
            return key.VerifyData(signed.AsSpan(), signature, _hash);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            _keys.Return(key);
        }
    }

    private static EllipticCurveTokenKey? Create(
        string keyId, TokenAlgorithm algorithm, HashAlgorithmName hash, ECCurve curve, byte[] x, byte[] y)
    {
        var parameters = new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } };
        return ImportedKeys.TryPool(() => ECDsa.Create(parameters)) is { } keys
            ? new EllipticCurveTokenKey(keyId, algorithm, hash, keys)
            : null;
    }
}
