using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

public sealed class TokenMutationTests
{
    private static readonly ECDsa Ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static readonly TokenKeys Keys = TokenKeys.Create(
        "dev", TestTokens.KeySet(TestTokens.RsaKey("r"), TestTokens.EcKey("e", Ec, "P-256"), TestTokens.OctKey("o", "oct secret"u8.ToArray())));

    private static readonly string[] Tokens =
    [
        TestTokens.SignHs256(TestTokens.Header("HS256"), TestTokens.Claims),
        TestTokens.SignHs256(TestTokens.Header("HS256", "o"), TestTokens.Claims, "oct secret"),
        TestTokens.Sign(TestTokens.Header("RS256", "r"), TestTokens.Claims, s => TestTokens.SignRsa(s, HashAlgorithmName.SHA256)),
        TestTokens.Sign(TestTokens.Header("ES256", "e"), TestTokens.Claims, s => Ec.SignData(s, HashAlgorithmName.SHA256)),
    ];

    [Fact]
    public void Random_text_is_refused_and_never_throws() => Gen.String.Sample(IsRefused, iter: 20_000);

    [Fact]
    public void Random_parts_are_refused_and_never_throw()
    {
        var part = Gen.OneOf(
            Gen.String,
            Gen.Byte.Array[0, 60].Select(bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes)),
            Gen.String.Select(TestTokens.Encode),
            Gen.OneOfConst(TestTokens.Encode("""{"alg":"HS256"}"""), TestTokens.Encode("""{"alg":"ES256","kid":"e"}"""), TestTokens.Encode(TestTokens.Claims)));

        Gen.Select(part, part, part).Sample((a, b, c) => IsRefused($"{a}.{b}.{c}"), iter: 20_000);
    }

    [Fact]
    public void Random_signed_claims_never_throw()
    {
        var fragment = Gen.OneOfConst(
            "{", "}", "[", "]", ":", ",", "\"", "\"exp\"", "\"iat\"", "\"role\"", "\"sub\"", "1800000060", "1.5", "-1e999", "null", "true", " ", "\\ud800",
            "\"anon\"", "\"\\u0000\"", "\"\\udc00\"");

        fragment.Array[0, 20].Sample(
            fragments =>
            {
                var result = TestTokens.Verifier.VerifyForChannel(TokenSigner.SignHs256("dev", "{" + string.Concat(fragments)), Keys);
                return result.IsVerified == (result.Failure is null);
            },
            iter: 20_000);
    }

    [Fact]
    public void Changed_token_never_verifies()
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.";
        var change = Gen.Select(Gen.Int[0, 2], Gen.Double[0, 1], Gen.Char[Alphabet]);

        Gen.Select(Gen.OneOfConst(Tokens), change.Array[1, 3]).Sample(
            (token, changes) =>
            {
                var mutated = new StringBuilder(token);
                foreach (var (kind, where, character) in changes)
                {
                    var at = (int)(where * (mutated.Length - 1));
                    _ = kind switch
                    {
                        0 => mutated.Replace(mutated[at], character, at, 1),
                        1 => mutated.Insert(at, character),
                        _ => mutated.Remove(at, 1),
                    };
                }

                return mutated.ToString() == token || IsRefused(mutated.ToString());
            },
            iter: 20_000);
    }

    [Fact]
    public void Swapped_parts_never_verify()
    {
        var parts = Tokens.Append(TokenSigner.SignHs256("dev", """{"role":"service_role","exp":1800000060}""")).Select(t => t.Split('.')).ToArray();

        foreach (var header in parts)
        {
            foreach (var claims in parts)
            {
                foreach (var signature in parts.Where(s => s != header || s[1] != claims[1]))
                {
                    Assert.True(
                        IsRefused($"{header[0]}.{claims[1]}.{signature[2]}") || (signature[0] == header[0] && signature[1] == claims[1]));
                }
            }
        }
    }

    private static bool IsRefused(string token) => !TestTokens.Verifier.Verify(token, Keys, requireRoleAndExp: false).IsVerified;
}
