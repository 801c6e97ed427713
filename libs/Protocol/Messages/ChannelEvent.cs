namespace Realtime.Protocol.Messages;

/// <summary>Events that the server acts on.</summary>
public enum ChannelEvent : byte
{
    /// <summary>Any other event: counted, without effect.</summary>
    Unknown,

    /// <summary><c>phx_join</c></summary>
    Join,

    /// <summary><c>phx_leave</c></summary>
    Leave,

    /// <summary><c>heartbeat</c></summary>
    Heartbeat,

    /// <summary><c>broadcast</c></summary>
    Broadcast,

    /// <summary><c>presence</c></summary>
    Presence,

    /// <summary><c>access_token</c></summary>
    AccessToken,
}
