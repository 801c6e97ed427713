using System.Text;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Micro.Broadcasts;

/// <summary>The broadcast that the benchmarks encode: an ordinary topic and event, a JSON payload of a given size.</summary>
internal static class SampleBroadcast
{
    /// <summary>A message that has not been encoded yet; name, event and payload are shared, as they are once a push was parsed.</summary>
    public static BroadcastMessage Create(BroadcastBody body, ReadOnlyMemory<byte> payload) => new()
    {
        Body = body,
        Topic = Topic,
        UserEvent = UserEvent,
        Payload = payload,
    };

    /// <summary>A JSON object of exactly this size.</summary>
    public static byte[] Payload(int bytes) => Encoding.ASCII.GetBytes($$"""{"text":"{{new string('a', bytes - 11)}}"}""");

    private static readonly byte[] Topic = "realtime:room:2f3c1a"u8.ToArray();
    private static readonly byte[] UserEvent = "cursor-moved"u8.ToArray();
}
