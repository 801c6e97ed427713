using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Nodes;

namespace Realtime.Hosting.InProcess;

/// <summary>Connects the services of one process: a message is delivered when its publication returns.</summary>
/// <remarks>Every sink sees the messages that one thread published in their order. Nothing is dropped.</remarks>
public sealed partial class InProcessNodeBus(ILogger<InProcessNodeBus> logger) : INodeBus
{
    private ImmutableArray<Subscription> _subscriptions = [];

    /// <inheritdoc/>
    public void Publish(NodeId origin, NodeMessage message)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Node != origin)
            {
                Deliver(subscription, message);
            }
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(NodeId node, INodeSink sink)
    {
        var subscription = new Subscription(this, node, sink);
        ImmutableInterlocked.Update(ref _subscriptions, (all, added) => all.Add(added), subscription);
        return subscription;
    }

    private void Deliver(Subscription subscription, NodeMessage message)
    {
        try
        {
            subscription.Sink.Receive(message);
        }
        catch (Exception exception)
        {
            // A sink must not throw; one that does all the same must not take the message from the others, nor hurt the publisher.
            Log.SinkFailed(logger, subscription.Node, message.GetType().Name, exception);
        }
    }

    private sealed class Subscription(InProcessNodeBus bus, NodeId node, INodeSink sink) : IDisposable
    {
        public NodeId Node => node;

        public INodeSink Sink => sink;

        public void Dispose() => ImmutableInterlocked.Update(ref bus._subscriptions, (all, gone) => all.Remove(gone), this);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Node {Node} failed on a message of type {Type}.")]
        public static partial void SinkFailed(ILogger logger, NodeId node, string type, Exception exception);
    }
}
