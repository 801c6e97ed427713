using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Realtime.Socket.Handshake;

/// <summary>The WebSocket part of a handshake (RFC 6455 section 4.2).</summary>
internal static class UpgradeRequest
{
    /// <summary>Why this is no upgrade to a WebSocket, in the words of protocol.md 1.1; null when it is one.</summary>
    public static string? Explain(HttpRequest request)
    {
        if (!HasToken(request.Headers.Upgrade, "websocket"))
        {
            return $"'upgrade' header must contain 'websocket', got {List(request.Headers.Upgrade)}";
        }

        if (!HasToken(request.Headers.Connection, "upgrade"))
        {
            return $"'connection' header must contain 'upgrade', got {List(request.Headers.Connection)}";
        }

        if (StringValues.IsNullOrEmpty(request.Headers.SecWebSocketKey))
        {
            return "'sec-websocket-key' header is absent";
        }

        return request.Headers.SecWebSocketVersion == "13"
            ? null
            : $"'sec-websocket-version' header must equal '13', got {List(request.Headers.SecWebSocketVersion)}";
    }

    /// <summary>The answer to the client's key.</summary>
    public static string Accept(string key)
    {
        // RFC 6455 4.2.2: SHA-1 proves that a WebSocket server read the request; nothing secret depends on it.
#pragma warning disable CA5350
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }

    private static bool HasToken(StringValues header, string token)
    {
        foreach (var value in header)
        {
            if (value is not null && value.Split(',').Any(part => part.AsSpan().Trim().Equals(token, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }

        return false;
    }

    private static string List(StringValues header) => $"[{string.Join(", ", header.Select(value => $"\"{value}\""))}]";
}
