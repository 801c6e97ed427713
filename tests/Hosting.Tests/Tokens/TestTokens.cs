using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

/// <summary>Tokens of every shape, and a verifier at a fixed time.</summary>
internal static class TestTokens
{
    /// <summary>The time of <see cref="VerifierAt"/>, in Unix seconds.</summary>
    public const long Now = 1_800_000_000;

    public const string Claims = """{"role":"authenticated","sub":"7f0c","exp":1800000060}""";

    /// <summary>One key for all tests, because making one takes a second on a busy machine.</summary>
    public static RSA Rsa { get; } = RSA.Create(2048);

    public static TokenVerifier Verifier { get; } = VerifierWith(new TokenSettings());

    public static TokenVerifier VerifierWith(TokenSettings settings) => new(settings, TimeAt(Now));

    public static FakeTimeProvider TimeAt(long unixSeconds) => new(DateTimeOffset.FromUnixTimeSeconds(unixSeconds));

    /// <summary>Signs any header and claims with what <paramref name="sign"/> makes of the signing input.</summary>
    public static string Sign(string header, string claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string SignHmac(string header, string claims, byte[] secret, HashAlgorithmName hash) =>
        Sign(header, claims, signed => CryptographicOperations.HmacData(hash, secret, signed));

    public static string SignHs256(string header, string claims, string secret = "dev") =>
        SignHmac(header, claims, Encoding.UTF8.GetBytes(secret), HashAlgorithmName.SHA256);

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public static string Header(string algorithm, string? keyId = null) =>
        keyId is null ? $$"""{"alg":"{{algorithm}}"}""" : $$"""{"alg":"{{algorithm}}","kid":"{{keyId}}"}""";

    public static string KeySet(params string[] keys) => $$"""{"keys":[{{string.Join(',', keys)}}]}""";

    public static byte[] SignRsa(byte[] signed, HashAlgorithmName hash)
    {
        lock (Rsa)
        {
            return Rsa.SignData(signed, hash, RSASignaturePadding.Pkcs1);
        }
    }

    public static string OctKey(string keyId, byte[] secret) =>
        $$"""{"kty":"oct","kid":"{{keyId}}","k":"{{Base64Url.EncodeToString(secret)}}"}""";

    public static string RsaKey(string keyId, RSA? key = null)
    {
        var parameters = (key ?? Rsa).ExportParameters(false);
        return $$"""{"kty":"RSA","kid":"{{keyId}}","n":"{{Base64Url.EncodeToString(parameters.Modulus)}}","e":"{{Base64Url.EncodeToString(parameters.Exponent)}}"}""";
    }

    public static string EcKey(string keyId, ECDsa key, string curve)
    {
        var point = key.ExportParameters(false).Q;
        return $$"""{"kty":"EC","kid":"{{keyId}}","crv":"{{curve}}","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
    }

    public static string EdwardsKey(string keyId, string curve, byte[] point) =>
        $$"""{"kty":"OKP","kid":"{{keyId}}","crv":"{{curve}}","x":"{{Base64Url.EncodeToString(point)}}"}""";
}
