using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Http;

/// <summary>Where the server listens and what it takes (http-api.md 1.1, operations.md 1.2.1).</summary>
internal static class Listener
{
    public static void Configure(KestrelServerOptions options, NodeSettings settings)
    {
        options.AddServerHeader = false;

        // This one counts the framing of chunks, too; the exact limit of the content is the reader's.
        options.Limits.MaxRequestBodySize = 2 * RequestBodyReader.MaxBytes;
        options.Limits.MaxRequestHeaderCount = 100;

        // Tokens travel in the query of a WebSocket handshake, and there is no limit for a single header: the total must leave room.
        options.Limits.MaxRequestLineSize = 8192;
        options.Limits.MaxRequestHeadersTotalSize = Math.Max(32_768, 8 * settings.MaxHeaderLength);
        options.Limits.MaxConcurrentConnections = settings.MaxConnections;
        options.Limits.MaxConcurrentUpgradedConnections = settings.MaxConnections;

        if (AddressOf(settings) is { } address)
        {
            options.Listen(address, settings.Port);
        }
        else
        {
            options.ListenAnyIP(settings.Port);
        }
    }

    private static IPAddress? AddressOf(NodeSettings settings) => settings switch
    {
        { ListenAddress: { } address } => IPAddress.Parse(address),
        { IpVersion: "ipv4" } => IPAddress.Any,
        { IpVersion: "ipv6" } => IPAddress.IPv6Any,
        _ => null,
    };
}
