using Realtime.Protocol.Messages;

namespace Realtime.Protocol.Presence;

/// <summary>A <c>presence_diff</c> for many subscribers, encoded and framed at most once per protocol version. Not thread-safe.</summary>
/// <param name="topic">The topic as joined, with its prefix, in UTF-8.</param>
/// <param name="diff">What changed.</param>
public sealed class PresenceFrames(byte[] topic, PresenceDiff diff)
{
    private readonly byte[]?[] _frames = new byte[]?[2];
    private byte[]? _payload;

    /// <summary>The complete WebSocket frame for subscribers of a version; the same array for all of them, never to be changed.</summary>
    public byte[] FrameFor(ProtocolVersion version) => _frames[(int)version] ??=
        ServerMessage.Push(version, default, default, topic, "presence_diff"u8, _payload ??= diff.ToJson());
}
