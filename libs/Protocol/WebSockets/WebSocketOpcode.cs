namespace Realtime.Protocol.WebSockets;

/// <summary>Frame types of RFC 6455 section 5.2.</summary>
public enum WebSocketOpcode : byte
{
    /// <summary>A further part of a fragmented message.</summary>
    Continuation = 0x0,

    /// <summary>UTF-8 text.</summary>
    Text = 0x1,

    /// <summary>Bytes.</summary>
    Binary = 0x2,

    /// <summary>End of the connection, with an optional code.</summary>
    Close = 0x8,

    /// <summary>Asks for a pong with the same body.</summary>
    Ping = 0x9,

    /// <summary>Answers a ping.</summary>
    Pong = 0xA,
}
