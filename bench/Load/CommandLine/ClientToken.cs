using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Realtime.Load.CommandLine;

/// <summary>Signs tokens with HS256, with secrets of any length (operations.md 5.5).</summary>
internal static class ClientToken
{
    /// <param name="secret">Shared secret of the tenant, or the management secret.</param>
    /// <param name="claims">A JSON object; <c>exp</c> is added when it is absent.</param>
    /// <param name="now">Time of issue.</param>
    /// <exception cref="JsonException">The claims are no JSON object.</exception>
    public static string Sign(string secret, string claims, DateTimeOffset now)
    {
        var payload = JsonNode.Parse(claims) as JsonObject ?? throw new JsonException("The claims are no JSON object.");
        if (!payload.ContainsKey("exp"))
        {
            payload["exp"] = now.AddHours(1).ToUnixTimeSeconds();
        }

        var signed = $"{Encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}")}.{Encode(payload.ToJsonString())}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
