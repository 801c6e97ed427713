using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Org.BouncyCastle.Security;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

public sealed class TokenKeysTests
{
    private static readonly byte[] Other = "other secret"u8.ToArray();

    [Fact]
    public void Key_id_of_an_oct_key_selects_that_key_and_not_the_shared_secret()
    {
        var keys = TokenKeys.Create("dev", TestTokens.KeySet(TestTokens.OctKey("a", Other)));

        Assert.True(Verify(TestTokens.SignHs256(TestTokens.Header("HS256", "a"), TestTokens.Claims, "other secret"), keys).IsVerified);
        Assert.Equal(TokenFailureKind.BadSignature, Verify(TestTokens.SignHs256(TestTokens.Header("HS256", "a"), TestTokens.Claims), keys).Failure!.Kind);
    }

    [Theory]
    [InlineData("""{"alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","kid":"unknown"}""")]
    [InlineData("""{"alg":"HS256","kid":"rsa"}""")]
    [InlineData("""{"alg":"HS256","kid":"no-k"}""")]
    [InlineData("""{"alg":"HS256","kid":7}""")]
    [InlineData("""{"alg":"HS256","kid":null}""")]
    public void Hmac_token_without_an_oct_key_of_its_id_falls_back_to_the_shared_secret(string header)
    {
        var keys = TokenKeys.Create("dev", TestTokens.KeySet(
            TestTokens.OctKey("a", Other), TestTokens.RsaKey("rsa"), """{"kty":"oct","kid":"no-k","k":7}"""));

        Assert.True(Verify(TestTokens.SignHs256(header, TestTokens.Claims), keys).IsVerified);
    }

    [Theory]
    [InlineData("not*base64url")]
    [InlineData("+/+/")]
    [InlineData("abcde")]
    [InlineData("ZG V2")]
    [InlineData("ZGV2%")]
    [InlineData("")]
    public void Oct_key_that_does_not_decode_is_a_signer_error_even_with_a_shared_secret(string k)
    {
        var keys = TokenKeys.Create("dev", TestTokens.KeySet($$"""{"kty":"oct","kid":"a","k":"{{k}}"}"""));

        var failure = Verify(TestTokens.SignHs256(TestTokens.Header("HS256", "a"), TestTokens.Claims), keys).Failure!;

        Assert.Equal(TokenFailureKind.NoSignerForKeyId, failure.Kind);
    }

    [Fact]
    public void Tenant_with_only_a_key_set_accepts_its_keys_and_nothing_else()
    {
        foreach (var secret in new[] { null, "" })
        {
            var keys = TokenKeys.Create(secret, TestTokens.KeySet(TestTokens.OctKey("a", Other)));

            Assert.True(Verify(TestTokens.SignHs256(TestTokens.Header("HS256", "a"), TestTokens.Claims, "other secret"), keys).IsVerified);
            Assert.Equal(TokenFailureKind.NoSigner, Verify(TestTokens.SignHmac(TestTokens.Header("HS256"), TestTokens.Claims, [], HashAlgorithmName.SHA256), keys).Failure!.Kind);
            Assert.Equal(TokenFailureKind.NoSignerForKeyId, Verify(TestTokens.SignHmac(TestTokens.Header("HS256", "b"), TestTokens.Claims, [], HashAlgorithmName.SHA256), keys).Failure!.Kind);
        }
    }

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"none","kid":"a"}""")]
    [InlineData("""{"alg":"PS256","kid":"a"}""")]
    [InlineData("""{"alg":"hs256"}""")]
    [InlineData("""{"alg":"Unsupported"}""")]
    [InlineData("""{"alg":null}""")]
    [InlineData("""{"alg":["HS256"]}""")]
    [InlineData("{}")]
    [InlineData("""{"alg":"RS256"}""")]
    [InlineData("""{"alg":"ES256","kid":7}""")]
    public void Unusable_algorithm_or_asymmetric_without_key_id_is_a_signer_error_without_id(string header)
    {
        var keys = TokenKeys.Create("dev", TestTokens.KeySet(TestTokens.OctKey("a", "dev"u8.ToArray())));

        var failure = Verify(TestTokens.SignHs256(header, TestTokens.Claims), keys).Failure!;

        Assert.Equal(TokenFailureKind.NoSigner, failure.Kind);
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    [InlineData("EdDSA")]
    public void Asymmetric_token_of_a_tenant_without_key_set_is_a_signer_error_without_id(string algorithm)
    {
        var failure = Verify(TestTokens.SignHs256(TestTokens.Header(algorithm, "a"), TestTokens.Claims), TokenKeys.Create("dev", null)).Failure!;

        Assert.Equal(TokenFailureKind.NoSigner, failure.Kind);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":null}""")]
    [InlineData("""{"keys":[""")]
    [InlineData("\ud800")]
    [InlineData("""{"keys":[1,null,"x",[],{},{"kid":7},{"kid":"\ud800","kty":"oct","k":"ZGV2"},{"kid":"a","kty":{}}]}""")]
    public void Text_that_is_no_key_set_leaves_the_shared_secret(string jwks)
    {
        var keys = TokenKeys.Create("dev", jwks);

        Assert.True(Verify(TestTokens.SignHs256(TestTokens.Header("HS256", "a"), TestTokens.Claims), keys).IsVerified);
    }

    [Theory]
    [InlineData("RS256", """{"kty":"RSA","kid":"a"}""")]
    [InlineData("RS256", """{"kty":"RSA","kid":"a","n":"","e":""}""")]
    [InlineData("RS256", """{"kty":"RSA","kid":"a","n":"!!","e":"AQAB"}""")]
    [InlineData("RS256", """{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}""")]
    [InlineData("RS256", """{"kty":"RSA","kid":"a","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS","e":"AQ"}""")]
    [InlineData("ES256", """{"kty":"EC","kid":"a","crv":"P-256","x":"AA","y":"AA"}""")]
    [InlineData("ES256", """{"kty":"EC","kid":"a","crv":"P-256","x":"","y":"AA"}""")]
    [InlineData("ES256", """{"kty":"EC","kid":"a","crv":"secp256k1","x":"AA","y":"AA"}""")]
    [InlineData("ES256", """{"kty":"EC","kid":"a","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"}""")]
    [InlineData("EdDSA", """{"kty":"OKP","kid":"a","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""")]
    [InlineData("EdDSA", """{"kty":"OKP","kid":"a","crv":"Ed25519","x":"11qY"}""")]
    [InlineData("EdDSA", """{"kty":"OKP","kid":"a","crv":"Ed25519","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")]
    [InlineData("Ed448", """{"kty":"OKP","kid":"a","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}""")]
    public void Bad_public_key_is_an_unusable_key(string algorithm, string key)
    {
        var token = TestTokens.Sign(TestTokens.Header(algorithm, "a"), TestTokens.Claims, _ => new byte[64]);

        var failure = Verify(token, TokenKeys.Create("dev", TestTokens.KeySet(key))).Failure!;

        Assert.Equal(TokenFailureKind.NoSignerForKeyId, failure.Kind);
    }

    [Fact]
    public void Too_short_rsa_key_is_an_unusable_key()
    {
        using var rsa = RSA.Create(512);
        var token = TestTokens.Sign(
            TestTokens.Header("RS256", "a"), TestTokens.Claims, signed => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

        var failure = Verify(token, TokenKeys.Create(null, TestTokens.KeySet(TestTokens.RsaKey("a", rsa)))).Failure!;

        Assert.Equal(TokenFailureKind.NoSignerForKeyId, failure.Kind);
    }

    [Fact]
    public void Private_and_unknown_members_of_a_key_do_not_matter()
    {
        var jwk = TestTokens.RsaKey("a")[..^1]
            + ""","alg":"PS512","use":"enc","key_ops":["sign"],"d":"AQAB","p":"!","q":7,"dp":null,"x5c":[1],"acme":{"a":[]}}""";
        var token = TestTokens.Sign(
            TestTokens.Header("RS256", "a"), TestTokens.Claims, signed => TestTokens.SignRsa(signed, HashAlgorithmName.SHA256));

        Assert.True(Verify(token, TokenKeys.Create(null, TestTokens.KeySet("7", jwk))).IsVerified);
    }

    [Fact]
    public void Keys_are_shared_by_many_threads()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keys = TokenKeys.Create("dev", TestTokens.KeySet(TestTokens.RsaKey("r"), TestTokens.EcKey("e", ec, "P-256")));
        string[] tokens =
        [
            TestTokens.SignHs256(TestTokens.Header("HS256"), TestTokens.Claims),
            TestTokens.Sign(TestTokens.Header("RS256", "r"), TestTokens.Claims, s => TestTokens.SignRsa(s, HashAlgorithmName.SHA256)),
            TestTokens.Sign(TestTokens.Header("ES256", "e"), TestTokens.Claims, s => ec.SignData(s, HashAlgorithmName.SHA256)),
        ];
        var refused = 0;

        Parallel.For(0, 600, i =>
        {
            if (!Verify(tokens[i % tokens.Length], keys).IsVerified)
            {
                Interlocked.Increment(ref refused);
            }
        });

        Assert.Equal(0, refused);
    }

    [Fact]
    public void Mutated_key_sets_never_throw()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = TestTokens.KeySet(
            TestTokens.OctKey("a", Other), TestTokens.RsaKey("a"), TestTokens.EcKey("a", ec, "P-256"),
            TestTokens.EdwardsKey("a", "Ed25519", new Org.BouncyCastle.Crypto.Parameters.Ed25519PrivateKeyParameters(new SecureRandom()).GeneratePublicKey().GetEncoded()));
        string[] algorithms = ["HS256", "RS256", "ES256", "EdDSA"];
        string[] tokens = [.. algorithms.Select(a => TestTokens.Sign(TestTokens.Header(a, "a"), TestTokens.Claims, _ => new byte[64]))];

        Gen.Select(Gen.Int[0, text.Length - 1], Gen.Char).Array[1, 5].Sample(
            mutations =>
            {
                var mutated = new StringBuilder(text);
                foreach (var (at, character) in mutations)
                {
                    mutated[at] = character;
                }

                var keys = TokenKeys.Create("dev", mutated.ToString());
                return tokens.All(token => !Verify(token, keys).IsVerified);
            },
            iter: 2_000);
    }

    private static TokenResult Verify(string token, TokenKeys keys) => TestTokens.Verifier.Verify(token, keys, requireRoleAndExp: true);
}
