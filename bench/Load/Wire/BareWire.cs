namespace Realtime.Load.Wire;

/// <summary>No protocol at all: the path is the topic and every message is the payload (the yardstick server, <c>bench/Bare</c>).</summary>
internal sealed class BareWire(string path) : IWire
{
    /// <inheritdoc/>
    public byte[]? HeartbeatMessage => null;

    /// <inheritdoc/>
    public string RequestTarget(string topic) => $"{path.TrimEnd('/')}/{Uri.EscapeDataString(topic)}";

    /// <inheritdoc/>
    public byte[]? JoinMessage(string topic) => null;

    /// <inheritdoc/>
    public PublishMessage CreatePublish(string topic, ReadOnlySpan<byte> payload) => new(Opcode.Binary, payload.ToArray(), 0);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> FindPayload(Opcode opcode, ReadOnlySpan<byte> message) => message;

    /// <inheritdoc/>
    public Signal ReadSignal(ReadOnlySpan<byte> message) => Signal.None;
}
