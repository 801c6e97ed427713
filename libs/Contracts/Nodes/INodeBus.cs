namespace Realtime.Contracts.Nodes;

/// <summary>Carries messages of a tenant to every node that hosts it.</summary>
/// <remarks>
/// Delivers at most once, in order for one origin and tenant. Publishing never waits: what a transport cannot take in time is
/// dropped and counted, because a slow broker must not slow down the clients of this node.
/// </remarks>
public interface INodeBus
{
    /// <summary>Hands a message over for all nodes but <paramref name="origin"/> itself. Thread-safe, does not block.</summary>
    void Publish(NodeId origin, NodeMessage message);

    /// <summary>Starts delivery to <paramref name="sink"/> until the result is disposed.</summary>
    IDisposable Subscribe(NodeId node, INodeSink sink);
}

/// <summary>Receives what other nodes published.</summary>
public interface INodeSink
{
    /// <summary>Takes one message; must not block and must not throw.</summary>
    void Receive(NodeMessage message);
}
