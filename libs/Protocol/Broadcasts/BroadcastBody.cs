namespace Realtime.Protocol.Broadcasts;

/// <summary>What a broadcast carries, which decides how each version receives it (protocol.md 2.4).</summary>
public enum BroadcastBody : byte
{
    /// <summary>A whole JSON payload object as a client or the HTTP batch API gave it: text frames in both versions.</summary>
    Envelope = 0,

    /// <summary>A user event with a JSON payload: object frame in version 1, binary kind 4 with encoding 1 in version 2.</summary>
    Json = 1,

    /// <summary>A user event with opaque bytes: nothing in version 1, binary kind 4 with encoding 0 in version 2.</summary>
    Binary = 2,

    /// <summary>The data of a binary push of kind 0: nothing in version 1, binary kind 2 in version 2.</summary>
    Push = 3,
}
