using System.Text;

namespace Realtime.Protocol;

/// <summary>Topics of channels: <c>realtime:</c> and a sub-topic of any characters (protocol.md 3.1).</summary>
public static class ChannelTopic
{
    /// <summary>What every channel topic starts with.</summary>
    public static ReadOnlySpan<byte> Prefix => "realtime:"u8;

    /// <summary>Whether the topic is one of a channel, even of one without a name.</summary>
    public static bool IsChannel(ReadOnlySpan<byte> topic) => topic.StartsWith(Prefix);

    /// <summary>The part after the prefix.</summary>
    public static ReadOnlySpan<byte> SubTopicOf(ReadOnlySpan<byte> topic) => topic[Prefix.Length..];

    /// <summary>The topic of a sub-topic, in UTF-8.</summary>
    public static byte[] Of(string subTopic) => [.. Prefix, .. Encoding.UTF8.GetBytes(subTopic)];

    /// <summary>The topic of heartbeats.</summary>
    public static bool IsPhoenix(ReadOnlySpan<byte> topic) => topic.SequenceEqual("phoenix"u8);
}
