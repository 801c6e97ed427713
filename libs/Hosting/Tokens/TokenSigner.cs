using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Realtime.Hosting.Tokens;

/// <summary>Makes tokens for local set-ups, tests and benchmarks. The server itself only verifies.</summary>
public static class TokenSigner
{
    private static readonly string Header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    /// <summary>Signs claims with HS256.</summary>
    /// <param name="secret">Shared secret of any length but zero.</param>
    /// <param name="claimsJson">The claims, a JSON object; taken as they are.</param>
    public static string SignHs256(string secret, string claimsJson)
    {
        ArgumentException.ThrowIfNullOrEmpty(secret);
        var signed = $"{Header}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claimsJson))}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }
}
