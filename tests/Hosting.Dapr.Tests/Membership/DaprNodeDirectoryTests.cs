using Realtime.Contracts.Nodes;
using Realtime.Contracts.Specification;
using Realtime.Sidecar;

namespace Realtime.Hosting.Dapr.Tests.Membership;

public sealed class DaprNodeDirectoryTests : NodeDirectorySpecification, IAsyncLifetime
{
    private readonly StandInCluster _cluster = TestNode.NewCluster();
    private readonly Dictionary<NodeId, TestNode> _nodes = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }
    }

    protected override async ValueTask<INodeDirectory> DirectoryOfAsync(NodeId node)
    {
        if (!_nodes.TryGetValue(node, out var started))
        {
            _nodes.Add(node, started = await TestNode.StartAsync(_cluster));
        }

        return started.Directory;
    }
}
