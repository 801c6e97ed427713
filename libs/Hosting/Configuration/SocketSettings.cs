namespace Realtime.Hosting.Configuration;

/// <summary>Limits and waits of WebSocket connections (operations.md 1.2.1, protocol.md sections 1 and 13).</summary>
public sealed record SocketSettings
{
    /// <summary><c>CONNECT_ERROR_BACKOFF_MS</c>: wait before a refused handshake is answered.</summary>
    public TimeSpan ConnectErrorBackoff { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary><c>CHANNEL_ERROR_BACKOFF_MS</c>: wait before a refused join is answered.</summary>
    public TimeSpan ChannelErrorBackoff { get; init; } = TimeSpan.FromMilliseconds(5000);

    /// <summary><c>NO_CHANNEL_TIMEOUT_IN_MS</c>: interval of the sweep that ends sockets without channels.</summary>
    public TimeSpan NoChannelTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary><c>WEBSOCKET_MAX_HEAP_SIZE</c>: bytes that may wait for one slow client; a client further behind is dropped.</summary>
    public int MaxOutboxBytes { get; init; } = 50_000_000;

    /// <summary><c>SOCKET_OUTBOX_MESSAGES</c>, ours: messages that may wait for one slow client.</summary>
    public int MaxOutboxMessages { get; init; } = 65_536;

    /// <summary>Largest inbound frame and largest fragmented message, in bytes; a larger one closes with 1009. Fixed.</summary>
    public int MaxMessageBytes { get; init; } = 5_000_000;

    /// <summary>Silence after which the server closes with 1000. Fixed; clients send a heartbeat every 25 s.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Granularity of <see cref="IdleTimeout"/>: one timer looks at all sockets. Fixed.</summary>
    public TimeSpan IdleCheckInterval { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Longest time between two verifications of a channel's token. Fixed.</summary>
    public TimeSpan TokenCheckInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long the server waits for the client's half of a close. Fixed.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal static SocketSettings Read(SettingsReader reader) => new()
    {
        ConnectErrorBackoff = reader.Milliseconds("CONNECT_ERROR_BACKOFF_MS", 2000),
        ChannelErrorBackoff = reader.Milliseconds("CHANNEL_ERROR_BACKOFF_MS", 5000),
        NoChannelTimeout = reader.Milliseconds("NO_CHANNEL_TIMEOUT_IN_MS", 600_000, 1),
        MaxOutboxBytes = reader.Number("WEBSOCKET_MAX_HEAP_SIZE", 50_000_000, 65_536),
        MaxOutboxMessages = reader.Number("SOCKET_OUTBOX_MESSAGES", 65_536, 16),
    };
}
