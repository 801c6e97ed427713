using Realtime.Contracts.Nodes;
using Realtime.Contracts.Specification;
using Realtime.Contracts.Tenants;
using Realtime.Sidecar;

namespace Realtime.Hosting.Dapr.Tests.Inboxes;

public sealed class DaprNodeBusTests : NodeBusSpecification, IAsyncLifetime
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

    protected override async ValueTask<INodeBus> BusOfAsync(NodeId node)
    {
        if (_nodes.TryGetValue(node, out var known))
        {
            return known.Bus;
        }

        var started = await TestNode.StartAsync(_cluster);
        await started.ReadyAsync();
        foreach (var other in _nodes.Values)
        {
            await other.KnowsAsync(started);
            await started.KnowsAsync(other);
        }

        _nodes.Add(node, started);
        return started.Bus;
    }

    protected override async ValueTask HostAsync(NodeId node, TenantId tenant)
    {
        _nodes[node].Directory.ReportUsers(node, tenant, 1);
        foreach (var other in _nodes.Where(other => other.Key != node))
        {
            await other.Value.KnowsHostAsync(_nodes[node], tenant);
        }
    }
}
