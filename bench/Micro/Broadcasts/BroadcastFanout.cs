using BenchmarkDotNet.Attributes;
using Realtime.Protocol;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Micro.Broadcasts;

/// <summary>What each subscriber adds when the frame exists already: half of them speak version 1.0.0, half 2.0.0.</summary>
[MemoryDiagnoser]
public class BroadcastFanout
{
    private const int Subscribers = 500;

    private readonly byte[] _payload = SampleBroadcast.Payload(128);

    /// <summary>Time and bytes are per subscriber.</summary>
    [Benchmark(OperationsPerInvoke = Subscribers)]
    public int Frames()
    {
        var message = SampleBroadcast.Create(BroadcastBody.Json, _payload);
        var bytes = 0;
        for (var i = 0; i < Subscribers; i++)
        {
            bytes += message.FrameFor((ProtocolVersion)(i & 1))!.Length;
        }

        return bytes;
    }
}
