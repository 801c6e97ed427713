using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Tests.Tokens;

public sealed class TokenSignerTests
{
    [Fact]
    public void Known_claims_make_the_known_token() =>
        Assert.Equal(
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
            + ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
            TokenSigner.SignHs256("your-256-bit-secret", """{"sub":"1234567890","name":"John Doe","iat":1516239022}"""));

    [Fact]
    public void No_secret_signs_nothing() => Assert.Throws<ArgumentException>(() => TokenSigner.SignHs256("", "{}"));
}
