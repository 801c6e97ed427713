using Microsoft.Extensions.Logging;

namespace Realtime.Hosting.Configuration;

/// <summary>The process and its HTTP listener (operations.md 1.2.1).</summary>
public sealed record NodeSettings
{
    /// <summary><c>PORT</c>: HTTP and WebSocket port. 0 picks a free one.</summary>
    public int Port { get; init; } = 4000;

    /// <summary><c>REALTIME_IP_VERSION</c>: <c>ipv4</c>, <c>ipv6</c>, or null for both.</summary>
    public string? IpVersion { get; init; }

    /// <summary><c>LISTEN_ADDRESS</c>, ours: bind this address only, e.g. <c>127.0.0.1</c>; null binds all.</summary>
    public string? ListenAddress { get; init; }

    /// <summary><c>MAX_CONNECTIONS</c>: open connections; further ones are closed at once.</summary>
    public int MaxConnections { get; init; } = 16_384;

    /// <summary><c>MAX_HEADER_LENGTH</c>: longest value of a header that carries a token, in bytes.</summary>
    public int MaxHeaderLength { get; init; } = 4096;

    /// <summary><c>APP_NAME</c>: service name in logs and traces.</summary>
    public string AppName { get; init; } = "realtime";

    /// <summary><c>REGION</c>: region of this node; null when unset.</summary>
    public string? Region { get; init; }

    /// <summary><c>REQUEST_ID_BAGGAGE_KEY</c>: entry of the W3C baggage that is taken as request id.</summary>
    public string RequestIdBaggageKey { get; init; } = "request-id";

    /// <summary><c>DISABLE_HEALTHCHECK_LOGGING</c>: no request lines for health checks.</summary>
    public bool DisableHealthcheckLogging { get; init; }

    /// <summary><c>LOG_LEVEL</c>: lines below it are not written. The names are those of syslog.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    internal static NodeSettings Read(SettingsReader reader)
    {
        var ipVersion = reader.Text("REALTIME_IP_VERSION")?.ToLowerInvariant();
        var listenAddress = reader.Text("LISTEN_ADDRESS");
        if (listenAddress is not null && !System.Net.IPAddress.TryParse(listenAddress, out _))
        {
            reader.AddError($"env LISTEN_ADDRESS expected an IP address such as 127.0.0.1, got \"{listenAddress}\"");
        }

        return new NodeSettings
        {
            Port = reader.Number("PORT", 4000, 0, 65_535),
            IpVersion = ipVersion is "ipv4" or "ipv6" ? ipVersion : null,
            ListenAddress = listenAddress,
            MaxConnections = reader.Number("MAX_CONNECTIONS", 16_384, 1),
            MaxHeaderLength = reader.Number("MAX_HEADER_LENGTH", 4096, 256, 1_048_576),
            AppName = reader.Text("APP_NAME") ?? reader.Text("FLY_APP_NAME", "realtime"),
            Region = reader.Text("REGION") ?? reader.Text("FLY_REGION"),
            RequestIdBaggageKey = reader.Text("REQUEST_ID_BAGGAGE_KEY", "request-id"),
            LogLevel = ReadLogLevel(reader),
            DisableHealthcheckLogging = reader.Boolean("DISABLE_HEALTHCHECK_LOGGING", false),
        };
    }

    private static LogLevel ReadLogLevel(SettingsReader reader)
    {
        switch (reader.Text("LOG_LEVEL", "info"))
        {
            case "debug":
                return LogLevel.Debug;
            case "info" or "notice":
                return LogLevel.Information;
            case "warning":
                return LogLevel.Warning;
            case "error":
                return LogLevel.Error;
            case "critical" or "alert" or "emergency":
                return LogLevel.Critical;
            case var other:
                reader.AddError($"env LOG_LEVEL must be one of debug, info, notice, warning, error, critical, alert, emergency, got \"{other}\"");
                return LogLevel.Information;
        }
    }
}
