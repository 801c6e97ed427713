using System.Threading.Channels;
using Realtime.Contracts.Nodes;

namespace Realtime.Contracts.Specification;

/// <summary>Keeps what it receives until a test takes it.</summary>
public sealed class RecordingSink : INodeSink
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Channel<NodeMessage> _received = Channel.CreateUnbounded<NodeMessage>();

    /// <summary>Messages received and not yet taken.</summary>
    public int Count => _received.Reader.Count;

    /// <inheritdoc/>
    public void Receive(NodeMessage message) => _received.Writer.TryWrite(message);

    /// <summary>Takes the next message, waiting for it.</summary>
    public async Task<NodeMessage> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            return await _received.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No message came within {Patience.TotalSeconds} s.");
        }
    }
}
