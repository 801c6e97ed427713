using BenchmarkDotNet.Attributes;
using Realtime.Protocol;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Micro.Broadcasts;

/// <summary>What it costs to encode and frame one broadcast for one version; paid once per message, however many clients get it.</summary>
[MemoryDiagnoser]
public class BroadcastEncoding
{
    private byte[] _payload = [];

    /// <summary>How the message came in.</summary>
    [Params(BroadcastBody.Envelope, BroadcastBody.Json)]
    public BroadcastBody Body { get; set; }

    /// <summary>Version of the subscribers.</summary>
    [Params(ProtocolVersion.V1, ProtocolVersion.V2)]
    public ProtocolVersion Version { get; set; }

    /// <summary>Size of the JSON payload.</summary>
    [Params(128, 4096)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Prepare() => _payload = SampleBroadcast.Payload(PayloadBytes);

    [Benchmark]
    public byte[]? Encode() => SampleBroadcast.Create(Body, _payload).FrameFor(Version);
}
