using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.InProcess;

/// <summary>Counts the users of one process; exact at every moment.</summary>
public sealed class InProcessNodeDirectory : INodeDirectory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TenantId, Dictionary<NodeId, int>> _users = [];

    /// <inheritdoc/>
    public int CountUsers(TenantId tenant)
    {
        lock (_lock)
        {
            return _users.TryGetValue(tenant, out var nodes) ? nodes.Values.Sum() : 0;
        }
    }

    /// <inheritdoc/>
    public void ReportUsers(NodeId node, TenantId tenant, int users)
    {
        lock (_lock)
        {
            var nodes = _users.GetValueOrDefault(tenant);
            if (users > 0)
            {
                (nodes ?? (_users[tenant] = []))[node] = users;
            }
            else if (nodes is not null && nodes.Remove(node) && nodes.Count == 0)
            {
                _users.Remove(tenant);
            }
        }
    }
}
