namespace Realtime.Protocol.Messages;

/// <summary>How a client message was framed.</summary>
public enum MessageForm : byte
{
    /// <summary>JSON: an object in version 1, an array in version 2. The payload is one JSON value.</summary>
    Text,

    /// <summary>Binary kind 0: any event, opaque data (protocol.md 2.3).</summary>
    Push,

    /// <summary>Binary kind 3: a broadcast with a user event.</summary>
    UserBroadcast,
}
