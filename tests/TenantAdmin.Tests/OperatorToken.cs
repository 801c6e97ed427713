using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Realtime.TenantAdmin.Tests;

/// <summary>Signs management tokens.</summary>
internal static class OperatorToken
{
    public static string Sign(string secret, string claims = "{}")
    {
        var head = $"{Encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"u8)}.{Encode(Encoding.UTF8.GetBytes(claims))}";
        return $"{head}.{Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.ASCII.GetBytes(head)))}";
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);
}
