namespace Realtime.Load.Wire;

/// <summary>What a message other than a delivery means to the client.</summary>
internal enum Signal
{
    /// <summary>Nothing that matters: a heartbeat reply, a system message that reports success.</summary>
    None,

    /// <summary>The join succeeded.</summary>
    Joined,

    /// <summary>A join was refused, or the channel has been ended.</summary>
    Failed,
}

/// <summary>How one protocol joins, publishes and answers. Holds no state, so that one instance serves all connections.</summary>
internal interface IWire
{
    /// <summary>Path and query of the handshake of a client of a topic.</summary>
    string RequestTarget(string topic);

    /// <summary>The text message that joins a topic; null when the handshake alone makes a member.</summary>
    byte[]? JoinMessage(string topic);

    /// <summary>The text message that keeps a connection from being idle; null when none is needed.</summary>
    byte[]? HeartbeatMessage { get; }

    /// <summary>A message that publishes a payload on a topic; the payload is somewhere in it, unchanged.</summary>
    PublishMessage CreatePublish(string topic, ReadOnlySpan<byte> payload);

    /// <summary>The published payload inside a received message, or an empty span if there is none.</summary>
    ReadOnlySpan<byte> FindPayload(Opcode opcode, ReadOnlySpan<byte> message);

    /// <summary>Reads a message that is no delivery.</summary>
    Signal ReadSignal(ReadOnlySpan<byte> message);
}

/// <summary>A message to publish, and where in it the payload is.</summary>
internal sealed record PublishMessage(Opcode Opcode, byte[] Bytes, int PayloadOffset);
