using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;
using Org.BouncyCastle.Security;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

public sealed class TokenSignatureTests
{
    private const string Rfc7515Claims = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    private const string Rfc7515Modulus =
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"
        + "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
        + "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

    [Fact]
    public void Example_of_rfc_7515_a1_verifies_with_its_oct_key()
    {
        const string Token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Rfc7515Claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        var secret = Base64Url.DecodeFromChars("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
        var key = new SymmetricTokenKey(null, secret);

        Assert.True(Verifies(key, TokenAlgorithm.HS256, Token));
        Assert.False(Verifies(key, TokenAlgorithm.HS256, Token.Replace("dBjf", "dBjg", StringComparison.Ordinal)));
    }

    [Fact]
    public void Example_of_rfc_7515_a2_verifies_with_its_rsa_key()
    {
        const string Token = "eyJhbGciOiJSUzI1NiJ9." + Rfc7515Claims
            + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
            + "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
            + "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        var key = RsaTokenKey.Create("k", Base64Url.DecodeFromChars(Rfc7515Modulus), [1, 0, 1])!;

        Assert.True(Verifies(key, TokenAlgorithm.RS256, Token));
        Assert.False(Verifies(key, TokenAlgorithm.RS512, Token));
    }

    [Fact]
    public void Example_of_rfc_7515_a3_verifies_with_its_ec_key()
    {
        const string Token = "eyJhbGciOiJFUzI1NiJ9." + Rfc7515Claims
            + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        var key = EllipticCurveTokenKey.Create(
            "k",
            "P-256",
            Base64Url.DecodeFromChars("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            Base64Url.DecodeFromChars("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))!;

        Assert.True(Verifies(key, TokenAlgorithm.ES256, Token));
    }

    [Fact]
    public void Example_of_rfc_8037_a4_verifies_with_its_ed25519_key()
    {
        const string Token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
            + ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        var key = EdwardsTokenKey.Create("k", "Ed25519", Base64Url.DecodeFromChars("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))!;

        Assert.True(Verifies(key, TokenAlgorithm.EdDSA, Token));
    }

    [Fact]
    public void Blank_message_of_rfc_8032_verifies_with_its_ed448_key()
    {
        var key = EdwardsTokenKey.Create("k", "Ed448", Convert.FromHexString(
            "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180"))!;
        var signature = Convert.FromHexString(
            "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd39"
            + "80ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600");

        Assert.True(key.Verify(TokenAlgorithm.Ed448, Array.Empty<byte>(), signature));
        Assert.False(key.Verify(TokenAlgorithm.Ed448, "x"u8.ToArray(), signature));
    }

    [Theory]
    [InlineData("HS256", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    [InlineData("HS384", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649")]
    [InlineData("HS512", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")]
    public void Case_2_of_rfc_4231_verifies_with_its_short_secret(string algorithm, string mac)
    {
        var key = new SymmetricTokenKey(null, "Jefe"u8.ToArray());

        Assert.True(key.Verify(Enum.Parse<TokenAlgorithm>(algorithm), "what do ya want for nothing?"u8.ToArray(), Convert.FromHexString(mac)));
    }

    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public void Hmac_token_verifies_with_a_secret_of_three_bytes(string algorithm)
    {
        var token = TestTokens.SignHmac(TestTokens.Header(algorithm), TestTokens.Claims, "dev"u8.ToArray(), Hash(algorithm));

        var result = TestTokens.Verifier.Verify(token, TokenKeys.Create("dev", null), requireRoleAndExp: true);

        Assert.Equal("authenticated", result.Token!.Role);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(token, TokenKeys.Create("deV", null)).Kind);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("RS512")]
    public void Rsa_token_verifies_with_the_key_of_its_id(string algorithm)
    {
        var other = $$"""{"kty":"RSA","kid":"b","n":"{{Rfc7515Modulus}}","e":"AQAB"}""";
        var keys = TokenKeys.Create(null, TestTokens.KeySet(other, TestTokens.RsaKey("a")));
        string Token(string keyId) => TestTokens.Sign(
            TestTokens.Header(algorithm, keyId), TestTokens.Claims, signed => TestTokens.SignRsa(signed, Hash(algorithm)));

        Assert.True(TestTokens.Verifier.Verify(Token("a"), keys, requireRoleAndExp: true).IsVerified);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(Token("b"), keys).Kind);
        Assert.Equal(TokenFailureKind.NoSignerForKeyId, Failure(Token("c"), keys).Kind);
    }

    [Theory]
    [InlineData("ES256", "P-256", "nistP256")]
    [InlineData("ES384", "P-384", "nistP384")]
    [InlineData("ES512", "P-521", "nistP521")]
    public void Elliptic_curve_token_verifies_only_with_the_algorithm_of_its_curve(string algorithm, string curve, string name)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromFriendlyName(name));
        var keys = TokenKeys.Create(null, TestTokens.KeySet(TestTokens.EcKey("a", key, curve)));
        string Token(string claimed) => TestTokens.Sign(
            TestTokens.Header(claimed, "a"), TestTokens.Claims, signed => key.SignData(signed, Hash(claimed)));

        Assert.True(TestTokens.Verifier.Verify(Token(algorithm), keys, requireRoleAndExp: true).IsVerified);
        string[] all = ["ES256", "ES384", "ES512"];
        foreach (var claimed in all.Where(a => a != algorithm))
        {
            Assert.Equal(TokenFailureKind.NoSignerForKeyId, Failure(Token(claimed), keys).Kind);
        }
    }

    [Theory]
    [InlineData("EdDSA", true)]
    [InlineData("Ed25519", true)]
    [InlineData("Ed448", false)]
    public void Ed25519_token_verifies_with_its_two_algorithms(string algorithm, bool verifies)
    {
        var key = new Ed25519PrivateKeyParameters(new SecureRandom());
        var keys = TokenKeys.Create(null, TestTokens.KeySet(TestTokens.EdwardsKey("a", "Ed25519", key.GeneratePublicKey().GetEncoded())));
        var token = TestTokens.Sign(TestTokens.Header(algorithm, "a"), TestTokens.Claims, signed =>
        {
            var signature = new byte[Ed25519.SignatureSize];
            key.Sign(Ed25519.Algorithm.Ed25519, null, signed, 0, signed.Length, signature, 0);
            return signature;
        });

        Assert.Equal(verifies, TestTokens.Verifier.Verify(token, keys, requireRoleAndExp: true).IsVerified);
    }

    [Theory]
    [InlineData("EdDSA", true)]
    [InlineData("Ed448", true)]
    [InlineData("Ed25519", false)]
    public void Ed448_token_verifies_with_its_two_algorithms(string algorithm, bool verifies)
    {
        var key = new Ed448PrivateKeyParameters(new SecureRandom());
        var keys = TokenKeys.Create(null, TestTokens.KeySet(TestTokens.EdwardsKey("a", "Ed448", key.GeneratePublicKey().GetEncoded())));
        var token = TestTokens.Sign(TestTokens.Header(algorithm, "a"), TestTokens.Claims, signed =>
        {
            var signature = new byte[Ed448.SignatureSize];
            key.Sign(Ed448.Algorithm.Ed448, [], signed, 0, signed.Length, signature, 0);
            return signature;
        });

        Assert.Equal(verifies, TestTokens.Verifier.Verify(token, keys, requireRoleAndExp: true).IsVerified);
    }

    [Fact]
    public void Public_key_used_as_hmac_secret_never_verifies()
    {
        var key = TestTokens.Rsa;
        var jwk = TestTokens.RsaKey("a");
        var keys = TokenKeys.Create("dev", TestTokens.KeySet(jwk));
        byte[][] secrets =
        [
            key.ExportRSAPublicKey(), key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()),
            Encoding.ASCII.GetBytes(jwk), key.ExportParameters(false).Modulus!, [],
        ];

        Assert.All(secrets, secret => Assert.Equal(
            TokenFailureKind.BadSignature,
            Failure(TestTokens.SignHmac(TestTokens.Header("HS256", "a"), TestTokens.Claims, secret, HashAlgorithmName.SHA256), keys).Kind));
    }

    [Fact]
    public void Empty_or_foreign_signature_is_a_bad_signature_for_every_key()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var edwards = new Ed25519PrivateKeyParameters(new SecureRandom()).GeneratePublicKey().GetEncoded();
        var keys = TokenKeys.Create("dev", TestTokens.KeySet(
            TestTokens.RsaKey("r"), TestTokens.EcKey("e", ec, "P-256"), TestTokens.EdwardsKey("o", "Ed25519", edwards)));

        foreach (var (algorithm, keyId) in new[] { ("HS256", "x"), ("HS512", "x"), ("RS256", "r"), ("ES256", "e"), ("EdDSA", "o") })
        {
            foreach (var length in new[] { 0, 1, 31, 32, 63, 64, 65, 255, 256, 257, 2000 })
            {
                var token = TestTokens.Sign(TestTokens.Header(algorithm, keyId), TestTokens.Claims, _ => new byte[length]);

                Assert.Equal(TokenFailureKind.BadSignature, Failure(token, keys).Kind);
            }
        }
    }

    [Fact]
    public void Signature_of_the_largest_keys_is_decoded()
    {
        var signature = Enumerable.Range(0, 2048).Select(i => (byte)i).ToArray();
        var token = Encoding.ASCII.GetBytes(TestTokens.Sign("{}", "{}", _ => signature));
        var buffer = new byte[2 * token.Length];
        token.CopyTo(buffer, 0);

        Assert.True(TokenParts.TryDecode(buffer, token.Length, out var parts));
        Assert.Equal(signature, parts.Signature.ToArray());
    }

    private static bool Verifies(TokenKey key, TokenAlgorithm algorithm, string token)
    {
        var end = token.LastIndexOf('.');
        return key.Supports(algorithm)
            && key.Verify(algorithm, Encoding.ASCII.GetBytes(token[..end]), Base64Url.DecodeFromChars(token.AsSpan(end + 1)));
    }

    private static TokenFailure Failure(string token, TokenKeys keys) =>
        TestTokens.Verifier.Verify(token, keys, requireRoleAndExp: true).Failure!;

    private static HashAlgorithmName Hash(string algorithm) => new("SHA" + algorithm[2..]);
}
