using System.Text.Json;
using Microsoft.Extensions.Primitives;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

public sealed class OperatorTokensTests
{
    private static readonly TokenSettings Settings = new() { ApiSecret = "now", ApiSecretNext = "next", MetricsSecret = "metrics" };

    [Theory]
    [InlineData("now", true, false)]
    [InlineData("next", true, false)]
    [InlineData("metrics", false, true)]
    [InlineData("other", false, false)]
    public void Token_opens_what_its_secret_is_for(string secret, bool management, bool metrics)
    {
        var tokens = Create(Settings);

        Assert.Equal(management, tokens.AcceptsManagement("Bearer " + TokenSigner.SignHs256(secret, "{}")));
        Assert.Equal(metrics, tokens.AcceptsMetrics("Bearer " + TokenSigner.SignHs256(secret, "{}")));
    }

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"iat":1735689600}""", true)]
    [InlineData("""{"exp":1800000001}""", true)]
    [InlineData("""{"exp":1800000000}""", false)]
    [InlineData("""{"exp":"1800000001"}""", false)]
    [InlineData("""{"iss":"acme"}""", true)]
    [InlineData("""{"iss":"x"}""", false)]
    [InlineData("[]", false)]
    public void No_claim_is_required_but_those_present_are_checked(string claims, bool accepted)
    {
        var tokens = Create(Settings with { ClaimValidators = new Dictionary<string, JsonElement> { ["iss"] = JsonElement.Parse("\"acme\"") } });

        Assert.Equal(accepted, tokens.AcceptsManagement("Bearer " + TokenSigner.SignHs256("now", claims)));
    }

    [Fact]
    public void Header_must_be_one_bearer_value_in_exact_case()
    {
        var tokens = Create(Settings);
        var token = TokenSigner.SignHs256("now", "{}");

        Assert.True(tokens.AcceptsManagement("Bearer " + token));
        Assert.True(tokens.AcceptsManagement("Bearer  " + token)); // Whitespace is removed from every token.
        Assert.False(tokens.AcceptsManagement("bearer " + token));
        Assert.False(tokens.AcceptsManagement("BEARER " + token));
        Assert.False(tokens.AcceptsManagement("Bearer" + token));
        Assert.False(tokens.AcceptsManagement(" Bearer " + token));
        Assert.False(tokens.AcceptsManagement("Basic " + token));
        Assert.False(tokens.AcceptsManagement(token));
        Assert.False(tokens.AcceptsManagement("Bearer "));
        Assert.False(tokens.AcceptsManagement(""));
        Assert.False(tokens.AcceptsManagement(StringValues.Empty));
        Assert.False(tokens.AcceptsManagement(new StringValues((string?)null)));
        Assert.False(tokens.AcceptsManagement(new StringValues(["Bearer " + token, "Bearer " + token])));
    }

    [Fact]
    public void Blocked_token_is_refused_however_it_is_written()
    {
        var blocked = TokenSigner.SignHs256("now", "{}");
        var tokens = Create(Settings with { ApiBlocklist = ["x", blocked], MetricsBlocklist = [TokenSigner.SignHs256("metrics", "{}")] });

        Assert.False(tokens.AcceptsManagement("Bearer " + blocked));
        Assert.False(tokens.AcceptsManagement("Bearer \t" + blocked.Insert(9, " ")));
        Assert.False(tokens.AcceptsManagement("Bearer " + blocked.Replace(".", "%2E", StringComparison.Ordinal)));
        Assert.False(tokens.AcceptsManagement("Bearer " + blocked + "="));
        Assert.True(tokens.AcceptsManagement("Bearer " + TokenSigner.SignHs256("now", """{"iat":1}""")));
        Assert.False(tokens.AcceptsMetrics("Bearer " + TokenSigner.SignHs256("metrics", "{}")));
    }

    [Fact]
    public void Without_secrets_everything_is_refused()
    {
        var tokens = Create(new TokenSettings { ApiSecret = "" });
        var unsigned = TestTokens.SignHmac(TestTokens.Header("HS256"), "{}", [], System.Security.Cryptography.HashAlgorithmName.SHA256);

        Assert.False(tokens.AcceptsManagement("Bearer " + unsigned));
        Assert.False(tokens.AcceptsMetrics("Bearer " + unsigned));
    }

    private static OperatorTokens Create(TokenSettings settings) => new(settings, TestTokens.VerifierWith(settings));
}
