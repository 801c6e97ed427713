using System.Text.Json;
using Realtime.Hosting.Tokens;

namespace Realtime.Testing;

/// <summary>Tokens of tests, signed with HS256.</summary>
public static class Tokens
{
    /// <summary>A token with role <c>anon</c> that lasts an hour, unless the claims say otherwise.</summary>
    public static string Sign(string secret, object? claims = null, DateTimeOffset? expiresAt = null)
    {
        var all = new Dictionary<string, object?>
        {
            ["role"] = "anon",
            ["exp"] = (expiresAt ?? DateTimeOffset.UtcNow.AddHours(1)).ToUnixTimeSeconds(),
        };
        if (claims is not null)
        {
            foreach (var (name, value) in JsonSerializer.SerializeToElement(claims).EnumerateObject().Select(p => (p.Name, p.Value)))
            {
                all[name] = value;
            }
        }

        return TokenSigner.SignHs256(secret, JsonSerializer.Serialize(all));
    }
}
