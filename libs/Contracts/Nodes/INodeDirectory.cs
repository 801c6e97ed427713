using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Nodes;

/// <summary>Which users the nodes of the cluster have.</summary>
/// <remarks>A user is a socket with at least one successful join (protocol.md 8.1). Other nodes' numbers may be some seconds old.</remarks>
public interface INodeDirectory
{
    /// <summary>Users of the tenant on all nodes, as far as this node knows. Does not block.</summary>
    int CountUsers(TenantId tenant);

    /// <summary>Tells this node's own number, at every change; zero forgets the tenant.</summary>
    void ReportUsers(NodeId node, TenantId tenant, int users);
}
