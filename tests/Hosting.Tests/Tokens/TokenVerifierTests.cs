using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

public sealed class TokenVerifierTests
{
    private static readonly TokenKeys Keys = TokenKeys.Create("dev", null);
    private static readonly string Valid = TokenSigner.SignHs256("dev", TestTokens.Claims);

    [Fact]
    public void Accepted_token_has_its_claims()
    {
        var token = Verify("""{"role":"anon","sub":"7f0c","exp":1800000060,"user_metadata":{"name":"Ada L."},"aud":["a","b"]}""").Token!;

        Assert.Equal("anon", token.Role);
        Assert.Equal("7f0c", token.Subject);
        Assert.Equal(1_800_000_060, token.ExpiresAt);
        Assert.Equal("""{"role":"anon","sub":"7f0c","exp":1800000060,"user_metadata":{"name":"Ada L."},"aud":["a","b"]}""", token.ClaimsJson);
        Assert.Equal("Ada L.", token.Claims().GetProperty("user_metadata").GetProperty("name").GetString());
    }

    [Fact]
    public void Claims_are_made_compact()
    {
        var token = Verify("{ \"role\" : \"a b\",\r\n\t\"exp\": 1800000060, \"x y\": [ 1.50, \"é <&> \\u0022\\n\", {} ] }").Token!;

        Assert.Equal("""{"role":"a b","exp":1800000060,"x y":[1.50,"é <&> \"\n",{}]}""", token.ClaimsJson);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH")]
    [InlineData("sb_secret.with.dots")]
    [InlineData("a.b")]
    [InlineData("%zz")]
    [InlineData("%")]
    [InlineData("%4")]
    [InlineData("%E2%80%83")]
    [InlineData("Bearer a.b.c")]
    [InlineData("\ud800")]
    [InlineData("a\0b.c.d")]
    public void Text_that_is_no_token_is_malformed(string text)
    {
        var failure = Failure(text);

        Assert.Equal(TokenFailureKind.Malformed, failure.Kind);
        Assert.Equal("The token provided is not a valid JWT", failure.Message);
        Assert.Equal("MalformedJWT: The token provided is not a valid JWT", failure.JoinReason);
        Assert.Equal("The token provided is not a valid JWT", failure.SystemMessage);
    }

    [Theory]
    [InlineData("[]", TestTokens.Claims)]
    [InlineData("\"HS256\"", TestTokens.Claims)]
    [InlineData("", TestTokens.Claims)]
    [InlineData("""{"alg":"HS256"}{}""", TestTokens.Claims)]
    [InlineData("""{"alg":"HS256","kid":"\ud800"}""", TestTokens.Claims)]
    [InlineData("""{"alg":"HS256","a":}""", TestTokens.Claims)]
    [InlineData("""{"alg":"HS256"}""", "[]")]
    [InlineData("""{"alg":"HS256"}""", "7")]
    [InlineData("""{"alg":"HS256"}""", "null")]
    [InlineData("""{"alg":"HS256"}""", "")]
    [InlineData("""{"alg":"HS256"}""", """{"role":"anon","exp":1800000060,}""")]
    [InlineData("""{"alg":"HS256"}""", """{"role":"anon","exp":1800000060}}""")]
    [InlineData("""{"alg":"HS256"}""", """{"role":"\udc00","exp":1800000060}""")]
    [InlineData("""{"alg":"HS256"}""", """{"role":"anon","exp":1800000060,"x":[{"a":"\ud800x"}]}""")]
    [InlineData("""{"alg":"HS256"}""", """{"role":"anon","exp":1800000060,"\ud800":1}""")]
    public void Header_or_claims_that_are_no_json_object_are_malformed_though_signed(string header, string claims) =>
        Assert.Equal(TokenFailureKind.Malformed, Failure(TestTokens.SignHs256(header, claims)).Kind);

    [Fact]
    public void Claims_in_broken_utf8_are_malformed()
    {
        var token = TestTokens.SignHs256(TestTokens.Header("HS256"), TestTokens.Claims);
        var broken = System.Buffers.Text.Base64Url.EncodeToString([.. "{\"role\":\""u8, 0xC3, .. "\",\"exp\":1800000060}"u8]);

        Assert.Equal(TokenFailureKind.Malformed, Failure(string.Join('.', token.Split('.')[0], broken, "AA")).Kind);
    }

    [Fact]
    public void Standard_base64_is_malformed_and_padding_is_not()
    {
        var padded = Convert.ToBase64String("""{"role":"anon","exp":1800000060,"a":"x"}"""u8);
        var header = Convert.ToBase64String("""{"alg":"HS256"}"""u8);
        var mac = System.Security.Cryptography.HMACSHA256.HashData("dev"u8, System.Text.Encoding.ASCII.GetBytes($"{header}.{padded}"));

        Assert.EndsWith("=", padded, StringComparison.Ordinal);
        Assert.True(TestTokens.Verifier.Verify($"{header}.{padded}.{System.Buffers.Text.Base64Url.EncodeToString(mac)}", Keys, true).IsVerified);
        Assert.Equal(TokenFailureKind.Malformed, Failure($"{header}.{padded}.a+b/").Kind);
    }

    [Fact]
    public void Percent_encoding_is_decoded_once_and_whitespace_removed()
    {
        var encoded = Valid.Replace(".", "%2E", StringComparison.Ordinal);
        var twice = Valid.Replace(".", "%252E", StringComparison.Ordinal);
        var blanks = " \t" + Valid.Insert(10, "\r\n%20").Insert(40, "\u00A0\u2003") + "%0A ";

        Assert.True(TestTokens.Verifier.Verify(encoded, Keys, true).IsVerified);
        Assert.True(TestTokens.Verifier.Verify(Valid.Replace("e", "%65", StringComparison.Ordinal), Keys, true).IsVerified);
        Assert.True(TestTokens.Verifier.Verify(blanks, Keys, true).IsVerified);
        Assert.Equal(TokenFailureKind.Malformed, Failure(twice).Kind);
        Assert.Equal(TokenFailureKind.Malformed, Failure(Valid + "%zz").Kind);
        Assert.Equal(TokenFailureKind.Malformed, Failure(Valid + "%a").Kind);
        Assert.Equal(TokenFailureKind.Malformed, Failure(Valid + "%+1").Kind);
        Assert.Equal(TokenFailureKind.Malformed, Failure(Valid + "%A0").Kind);
    }

    [Fact]
    public void Signature_has_only_one_text()
    {
        var last = Valid[^1];
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

        Assert.All(Alphabet.Where(c => c != last), c => Assert.Equal(TokenFailureKind.BadSignature, Failure(Valid[..^1] + c).Kind));
        Assert.Equal(TokenFailureKind.BadSignature, Failure(Valid + "=").Kind);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(Valid + "A").Kind);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(Valid[..(Valid.LastIndexOf('.') + 1)]).Kind);
    }

    [Fact]
    public void Bad_signature_has_its_texts()
    {
        var failure = Failure(TokenSigner.SignHs256("another", TestTokens.Claims));

        Assert.Equal(TokenFailureKind.BadSignature, failure.Kind);
        Assert.Equal("Failed to validate JWT signature", failure.Message);
        Assert.Equal("JwtSignatureError: Failed to validate JWT signature", failure.JoinReason);
        Assert.Equal(":signature_error", failure.SystemMessage);
    }

    [Fact]
    public void Missing_signer_has_its_texts()
    {
        var failure = Failure(TestTokens.SignHs256(TestTokens.Header("none"), TestTokens.Claims));

        Assert.Equal(TokenFailureKind.NoSigner, failure.Kind);
        Assert.Equal("Failed to generate JWT signer, check your JWT secret or JWKS configuration", failure.Message);
        Assert.Equal("JwtSignerError: Failed to generate JWT signer, check your JWT secret or JWKS configuration", failure.JoinReason);
        Assert.Equal(":error_generating_signer", failure.SystemMessage);
    }

    [Fact]
    public void Missing_signer_for_a_key_id_names_it()
    {
        const string Text = "Failed to generate JWT signer for key ID (kid) \"b\"7\", check your JWT secret or JWKS configuration";
        var keys = TokenKeys.Create("dev", TestTokens.KeySet());

        var failure = TestTokens.Verifier.Verify(TestTokens.SignHs256("""{"alg":"RS256","kid":"b\"7"}""", TestTokens.Claims), keys, true).Failure!;

        Assert.Equal(TokenFailureKind.NoSignerForKeyId, failure.Kind);
        Assert.Equal(Text, failure.Message);
        Assert.Equal("JwtSignerError: " + Text, failure.JoinReason);
        Assert.Equal(Text, failure.SystemMessage);
    }

    [Fact]
    public void Long_key_id_is_shortened_between_characters()
    {
        var keys = TokenKeys.Create("dev", TestTokens.KeySet());
        var keyId = new string('k', 255) + "😀" + new string('x', 100_000);

        var failure = TestTokens.Verifier.Verify(TestTokens.SignHs256(TestTokens.Header("RS256", keyId), TestTokens.Claims), keys, true).Failure!;

        Assert.Contains($"\"{new string('k', 255)}…\"", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1800000000", 0)]
    [InlineData("1799999996", 4)]
    [InlineData("1799999999.6", 0)]
    [InlineData("1.7999999e9", 100)]
    [InlineData("0", 1_800_000_000)]
    public void Expired_token_tells_since_when(string exp, long secondsAgo)
    {
        var failure = Failure(TokenSigner.SignHs256("dev", $$"""{"exp":{{exp}}}"""));

        Assert.Equal(TokenFailureKind.Expired, failure.Kind);
        Assert.Equal("Token has expired", failure.Message);
        Assert.Equal(secondsAgo, failure.ExpiredSecondsAgo);
        Assert.Equal($"InvalidJWTToken: Token has expired {secondsAgo} seconds ago", failure.JoinReason);
        Assert.Equal($"Token has expired {secondsAgo} seconds ago", failure.SystemMessage);
    }

    [Theory]
    [InlineData("-9223372036854775808")]
    [InlineData("-1e400")]
    public void Absurdly_early_expiry_is_expired(string exp)
    {
        var failure = Failure(TokenSigner.SignHs256("dev", $$"""{"role":"a","exp":{{exp}}}"""));

        Assert.Equal(TokenFailureKind.Expired, failure.Kind);
        Assert.True(failure.ExpiredSecondsAgo > 0);
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999")]
    [InlineData("1e400")]
    public void Absurdly_late_expiry_is_the_end_of_time(string exp)
    {
        var token = Verify($$"""{"role":"a","exp":{{exp}}}""").Token!;

        Assert.Equal(9999, DateTimeOffset.FromUnixTimeSeconds(token.ExpiresAt!.Value).Year);
    }

    [Theory]
    [InlineData("""{"exp":1800000060}""")]
    [InlineData("""{"role":"anon"}""")]
    [InlineData("{}")]
    [InlineData("""{"x":{"role":"anon","exp":1800000060}}""")]
    public void Role_and_exp_are_required(string claims)
    {
        var failure = Verify(claims).Failure!;

        Assert.Equal(TokenFailureKind.MissingClaims, failure.Kind);
        Assert.Equal("Fields `role` and `exp` are required in JWT", failure.Message);
        Assert.Equal("InvalidJWTToken: Fields `role` and `exp` are required in JWT", failure.JoinReason);
        Assert.Equal("Fields `role` and `exp` are required in JWT", failure.SystemMessage);
        Assert.True(TestTokens.Verifier.Verify(TokenSigner.SignHs256("dev", claims), Keys, requireRoleAndExp: false).IsVerified);
    }

    [Theory]
    [InlineData("""{"role":null,"exp":1800000060}""")]
    [InlineData("""{"role":7,"sub":{},"exp":1800000060}""")]
    [InlineData("""{"role":["a"],"sub":null,"exp":1800000060,"nbf":1900000000}""")]
    public void Role_of_any_type_is_present(string claims)
    {
        var token = Verify(claims).Token!;

        Assert.Null(token.Role);
        Assert.Null(token.Subject);
    }

    [Theory]
    [InlineData("""{"role":"a","exp":"1800000060"}""", "exp")]
    [InlineData("""{"role":"a","exp":null}""", "exp")]
    [InlineData("""{"role":"a","exp":[1800000060]}""", "exp")]
    [InlineData("""{"role":"a","exp":{"exp":1800000060}}""", "exp")]
    [InlineData("""{"role":"a","exp":1800000060,"iat":"1700000000"}""", "iat")]
    [InlineData("""{"role":"a","exp":1800000060,"iat":null}""", "iat")]
    [InlineData("""{"iat":true}""", "iat")]
    public void Time_that_is_no_number_is_an_invalid_claim(string claims, string name)
    {
        var failure = Verify(claims).Failure!;

        Assert.Equal(TokenFailureKind.InvalidClaim, failure.Kind);
        Assert.Equal($"Invalid value for JWT claim \"{name}\"", failure.Message);
        Assert.Equal("Unknown Error on Channel", failure.JoinReason);
        Assert.Equal($"Invalid value for JWT claim \"{name}\"", failure.SystemMessage);
    }

    [Fact]
    public void Fractional_times_are_rounded_in_the_claims()
    {
        var token = Verify("""{"role":"a b","exp":1800000060.5,"iat":1.7e9,"nbf":1.5}""").Token!;

        Assert.Equal(1_800_000_061, token.ExpiresAt);
        Assert.Equal("""{"role":"a b","exp":1800000061,"iat":1700000000,"nbf":1.5}""", token.ClaimsJson);
    }

    [Fact]
    public void Of_repeated_claims_the_last_counts()
    {
        var token = Verify("""{"role":"a","exp":1,"exp":1800000060,"role":"b"}""").Token!;

        Assert.Equal("b", token.Role);
        Assert.Equal("b", token.Claims().GetProperty("role").GetString());
        Assert.Equal(1_800_000_060, token.ExpiresAt);
        Assert.Equal(TokenFailureKind.Expired, Verify("""{"role":"a","exp":1800000060,"exp":1}""").Failure!.Kind);
    }

    [Fact]
    public void Escaped_names_and_values_are_read()
    {
        var token = TestTokens.Verifier.Verify(
            TestTokens.SignHs256("""{"\u0061lg":"HS\u003256"}""", """{"r\u006fle":"\u0061non","e\u0078p":1800000060}"""), Keys, true).Token!;

        Assert.Equal("anon", token.Role);
        Assert.Equal(1_800_000_060, token.ExpiresAt);
    }

    [Theory]
    [InlineData("""{"iss":"acme"}""", """{"role":"a","exp":1800000060,"iss":"acme"}""", null)]
    [InlineData("""{"iss":"acme"}""", """{"role":"a","exp":1800000060}""", null)]
    [InlineData("""{"iss":"acme"}""", """{"role":"a","exp":1800000060,"iss":"Acme"}""", "iss")]
    [InlineData("""{"iss":"acme"}""", """{"role":"a","exp":1800000060,"iss":null}""", "iss")]
    [InlineData("""{"aud":"web"}""", """{"role":"a","exp":1800000060,"aud":["web"]}""", "aud")]
    [InlineData("""{"aud":["web",{"a":1,"b":2}]}""", """{"role":"a","exp":1800000060,"aud":["web",{"b":2,"a":1}]}""", null)]
    [InlineData("""{"aud":["web","app"]}""", """{"role":"a","exp":1800000060,"aud":["app","web"]}""", "aud")]
    [InlineData("""{"n":1}""", """{"role":"a","exp":1800000060,"n":"1"}""", "n")]
    [InlineData("""{"iss":"\u0061cme"}""", """{"role":"a","exp":1800000060,"iss":"acm\u0065"}""", null)]
    [InlineData("""{"exp":1,"iat":2}""", """{"role":"a","exp":1800000060,"iat":3}""", null)]
    [InlineData("""{"iss":"acme"}""", """{"iss":"x"}""", "iss")]
    public void Configured_claims_must_equal_when_present(string validators, string claims, string? refused)
    {
        var settings = new TokenSettings
        {
            ClaimValidators = JsonElement.Parse(validators).EnumerateObject().ToDictionary(p => p.Name, p => p.Value),
        };

        var result = TestTokens.VerifierWith(settings).Verify(TokenSigner.SignHs256("dev", claims), Keys, true);

        Assert.Equal(refused is null ? null : $"Invalid value for JWT claim \"{refused}\"", result.Failure?.Message);
        Assert.Equal(refused is null ? null : TokenFailureKind.InvalidClaim, result.Failure?.Kind);
    }

    [Fact]
    public void First_failing_check_is_the_failure()
    {
        var keySet = TokenKeys.Create("dev", TestTokens.KeySet());

        Assert.Equal(TokenFailureKind.Malformed, TestTokens.Verifier.Verify(TestTokens.SignHs256("""{"alg":"none"}""", "[]"), keySet, true).Failure!.Kind);
        Assert.Equal(TokenFailureKind.NoSigner, Failure(TestTokens.SignHs256("""{"alg":"none"}""", """{"exp":1}""")).Kind);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(TokenSigner.SignHs256("x", """{"exp":1}""")).Kind);
        Assert.Equal(TokenFailureKind.Expired, Failure(TokenSigner.SignHs256("dev", """{"exp":1,"iat":"x"}""")).Kind);
        Assert.Equal(TokenFailureKind.InvalidClaim, Failure(TokenSigner.SignHs256("dev", """{"iat":"x"}""")).Kind);
    }

    [Fact]
    public void Deep_claims_are_accepted_to_64_levels_and_malformed_beyond()
    {
        static string Nested(int depth) =>
            $$"""{"role":"a","exp":1800000060,"x":{{new string('[', depth)}}{{new string(']', depth)}}}""";

        Assert.Equal(JsonValueKind.Array, Verify(Nested(63)).Token!.Claims().GetProperty("x").ValueKind);
        Assert.Equal(TokenFailureKind.Malformed, Verify(Nested(64)).Failure!.Kind);
        Assert.Equal(TokenFailureKind.Malformed, Verify(Nested(1_000_000)).Failure!.Kind);
    }

    [Fact]
    public void Huge_token_is_judged_like_any_other()
    {
        var claims = $$"""{"role":"a","exp":1800000060,"x":"{{new string('x', 3_000_000)}}"}""";

        Assert.True(Verify(claims).IsVerified);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(TokenSigner.SignHs256("x", claims)).Kind);
        Assert.Equal(TokenFailureKind.BadSignature, Failure(Valid + new string('A', 3_000_000)).Kind);
        Assert.Equal(TokenFailureKind.Malformed, Failure(new string('.', 3_000_000)).Kind);
        Assert.Equal(TokenFailureKind.Malformed, Failure(new string('%', 3_000_000)).Kind);
    }

    [Fact]
    public void Channel_needs_a_whole_second_after_rounding()
    {
        var token = TokenSigner.SignHs256("dev", """{"role":"a","exp":1800000000.4}""");

        var failure = TestTokens.Verifier.VerifyForChannel(token, Keys).Failure!;

        Assert.True(TestTokens.Verifier.Verify(token, Keys, requireRoleAndExp: true).IsVerified);
        Assert.Equal(TokenFailureKind.NoLifetimeLeft, failure.Kind);
        Assert.Equal("InvalidJWTToken: Token expiration time is invalid", failure.JoinReason);
        Assert.True(TestTokens.Verifier.VerifyForChannel(TokenSigner.SignHs256("dev", """{"role":"a","exp":1800000000.5}"""), Keys).IsVerified);
        Assert.Equal(TokenFailureKind.MissingClaims, TestTokens.Verifier.VerifyForChannel(TokenSigner.SignHs256("dev", "{}"), Keys).Failure!.Kind);
    }

    [Fact]
    public void Verified_token_expires_with_the_clock()
    {
        var time = TestTokens.TimeAt(TestTokens.Now);
        var verifier = new TokenVerifier(new TokenSettings(), time);
        var token = verifier.Verify(Valid, Keys, true).Token!;
        var eternal = verifier.Verify(TokenSigner.SignHs256("dev", "{}"), Keys, requireRoleAndExp: false).Token!;

        time.Advance(TimeSpan.FromSeconds(59.9));
        var before = verifier.CheckExpiry(token);
        time.Advance(TimeSpan.FromSeconds(0.1));
        var atExpiry = verifier.CheckExpiry(token);
        time.Advance(TimeSpan.FromSeconds(4));
        var later = verifier.CheckExpiry(token);

        Assert.Null(before);
        Assert.Equal("Token has expired 0 seconds ago", atExpiry!.SystemMessage);
        Assert.Equal("InvalidJWTToken: Token has expired 4 seconds ago", later!.JoinReason);
        Assert.Null(verifier.CheckExpiry(eternal));
    }

    private static TokenResult Verify(string claims) => TestTokens.Verifier.Verify(TokenSigner.SignHs256("dev", claims), Keys, true);

    private static TokenFailure Failure(string token) => TestTokens.Verifier.Verify(token, Keys, true).Failure!;
}
