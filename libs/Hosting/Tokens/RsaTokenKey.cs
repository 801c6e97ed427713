using System.Diagnostics;
using System.Numerics;
using System.Security.Cryptography;
using Microsoft.Extensions.ObjectPool;

namespace Realtime.Hosting.Tokens;

/// <summary>The public half of an RSA key, for RS256, RS384 and RS512.</summary>
internal sealed class RsaTokenKey : TokenKey
{
    private const int MinModulusBits = 1024;

    private readonly ObjectPool<RSA> _keys;

    private RsaTokenKey(string keyId, ObjectPool<RSA> keys)
        : base(TokenKeyFamily.Rsa, keyId) => _keys = keys;

    /// <summary>The key, or null when the numbers make none or one too weak to mean anything.</summary>
    /// <param name="keyId">Member <c>kid</c>.</param>
    /// <param name="modulus">Unsigned, big-endian; 1024 bits at least.</param>
    /// <param name="exponent">Unsigned, big-endian; with exponent 1 anyone can make signatures.</param>
    public static RsaTokenKey? Create(string keyId, byte[] modulus, byte[] exponent)
    {
        var (n, e) = (new BigInteger(modulus, isUnsigned: true, isBigEndian: true), new BigInteger(exponent, isUnsigned: true, isBigEndian: true));
        if (n.GetBitLength() < MinModulusBits || e <= 1 || e.IsEven)
        {
            return null;
        }

        var parameters = new RSAParameters { Modulus = modulus, Exponent = exponent };
        return ImportedKeys.TryPool(() => RSA.Create(parameters)) is { } keys ? new RsaTokenKey(keyId, keys) : null;
    }

    public override bool Supports(TokenAlgorithm algorithm) =>
        algorithm is TokenAlgorithm.RS256 or TokenAlgorithm.RS384 or TokenAlgorithm.RS512;

    public override bool Verify(TokenAlgorithm algorithm, ArraySegment<byte> signed, ArraySegment<byte> signature)
    {
        var hash = algorithm switch
        {
            TokenAlgorithm.RS256 => HashAlgorithmName.SHA256,
            TokenAlgorithm.RS384 => HashAlgorithmName.SHA384,
            TokenAlgorithm.RS512 => HashAlgorithmName.SHA512,
            _ => throw new UnreachableException(),
        };
        var key = _keys.Get();
        try
        {
            return key.VerifyData(signed.AsSpan(), signature, hash, RSASignaturePadding.Pkcs1);
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
}
