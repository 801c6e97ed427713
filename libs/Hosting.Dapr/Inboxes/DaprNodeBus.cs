using Microsoft.Extensions.Logging;
using Realtime.Contracts.Nodes;
using Realtime.Hosting.Dapr.Membership;
using Realtime.Hosting.InProcess;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Carries messages to the inboxes of those processes that host their tenant; a change of a tenant goes to all.</summary>
/// <remarks>
/// Nodes of this process get messages at once, as from the in-process bus. Others are told by announcements and records who hosts what:
/// what is published within milliseconds of a tenant's first user on a process may miss that process.
/// </remarks>
internal sealed partial class DaprNodeBus(DaprNodeDirectory directory, InProcessNodeBus local, BusMetrics metrics, ILogger<DaprNodeBus> logger) : INodeBus
{
    // Messages from other processes have an origin that is none of ours.
    private static readonly NodeId Elsewhere = new("");

    /// <inheritdoc/>
    public void Publish(NodeId origin, NodeMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        local.Publish(origin, message);
        byte[]? item = null;
        foreach (var peer in message is TenantChanged ? directory.Peers : directory.HostsOf(message.Tenant))
        {
            item ??= EnvelopeItems.TryWrite(message);
            if (item is null)
            {
                Log.Unknown(logger, message.GetType().Name);
                metrics.Dropped(1, "unknown");
                return;
            }

            peer.Outbox.Post(item);
        }
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(NodeId node, INodeSink sink) => local.Subscribe(node, sink);

    /// <summary>Hands over what another process published.</summary>
    public void Deliver(NodeMessage message) => local.Publish(Elsewhere, message);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Messages of type {Type} cannot be sent to other processes.")]
        public static partial void Unknown(ILogger logger, string type);
    }
}
