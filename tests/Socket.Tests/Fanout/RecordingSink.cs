using System.Threading.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Testing;

namespace Realtime.Socket.Tests.Fanout;

/// <summary>Another node, as seen from the bus.</summary>
internal sealed class RecordingSink : INodeSink
{
    private readonly Channel<NodeMessage> _messages = Channel.CreateUnbounded<NodeMessage>();

    public void Receive(NodeMessage message) => _messages.Writer.TryWrite(message);

    public Task<NodeMessage> NextAsync() =>
        Wait.ForAsync(_messages.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask(), "a message on the bus", TestContext.Current.CancellationToken);
}
