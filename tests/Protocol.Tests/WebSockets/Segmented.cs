using System.Buffers;

namespace Realtime.Protocol.Tests.WebSockets;

/// <summary>Bytes as they may lie in several receive buffers.</summary>
internal sealed class Segmented : ReadOnlySequenceSegment<byte>
{
    private Segmented(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

    public static ReadOnlySequence<byte> Create(byte[] data, int cut)
    {
        var first = new Segmented(data.AsMemory(0, Math.Min(cut, data.Length)), 0);
        var last = first;
        for (var at = first.Memory.Length; at < data.Length; at += cut)
        {
            var next = new Segmented(data.AsMemory(at, Math.Min(cut, data.Length - at)), at);
            last.Next = next;
            last = next;
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }
}
