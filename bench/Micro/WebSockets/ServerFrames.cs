using BenchmarkDotNet.Attributes;
using Realtime.Protocol.WebSockets;

namespace Realtime.Micro.WebSockets;

/// <summary>What framing itself costs.</summary>
[MemoryDiagnoser]
public class ServerFrames
{
    private byte[] _payload = [];

    /// <summary>Sizes on both sides of each length form.</summary>
    [Params(100, 1000, 100_000)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void Prepare() => _payload = new byte[PayloadBytes];

    [Benchmark]
    public byte[] Create() => ServerFrame.Create(WebSocketOpcode.Text, _payload);
}
