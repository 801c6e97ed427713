using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tests;

/// <summary>Keeps what the bus delivers.</summary>
internal sealed class RecordingSink : INodeSink
{
    private readonly List<NodeMessage> _messages = [];

    public void Receive(NodeMessage message)
    {
        lock (_messages)
        {
            _messages.Add(message);
        }
    }

    /// <summary>The changes so far; forgets them.</summary>
    public IReadOnlyList<TenantChanges> Take()
    {
        lock (_messages)
        {
            List<TenantChanges> changes = [.. _messages.OfType<TenantChanged>().Select(message => message.Changes)];
            _messages.Clear();
            return changes;
        }
    }
}
