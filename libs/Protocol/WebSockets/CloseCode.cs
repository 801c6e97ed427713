namespace Realtime.Protocol.WebSockets;

/// <summary>Close codes that the server sends (protocol.md 1.8). Reasons are always empty.</summary>
public static class CloseCode
{
    /// <summary>Nothing came from the client for too long.</summary>
    public const ushort Normal = 1000;

    /// <summary>Forced disconnect: too many joins per second, or the tenant vanished.</summary>
    public const ushort GoingAway = 1001;

    /// <summary>A frame that breaks RFC 6455.</summary>
    public const ushort ProtocolError = 1002;

    /// <summary>A frame or message that is too large.</summary>
    public const ushort MessageTooBig = 1009;

    /// <summary>The handler of the connection failed.</summary>
    public const ushort InternalError = 1011;

    /// <summary>The tenant's configuration changed, an operator asked for it, or the server stops.</summary>
    public const ushort ServiceRestart = 1012;

    /// <summary>Whether a code from a client's close frame may be answered with the same code.</summary>
    public static bool IsValidFromClient(ushort code) => code is >= 1000 and <= 4999 and not (1004 or 1005 or 1006 or 1015);
}
