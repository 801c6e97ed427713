using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Hosting.Http;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Broadcast.Delivery;

/// <summary>Hands messages to the nodes that have subscribers.</summary>
internal sealed class Broadcaster(INodeBus bus)
{
    /// <summary>What topics are called on the wire: this and the sub-topic.</summary>
    public const string TopicPrefix = "realtime:";

    // This service has no subscribers of its own, so its id only has to differ from those of the nodes that have.
    private readonly NodeId _node = NodeId.New("broadcast");

    /// <summary>Sends one message and counts it as one event of the tenant.</summary>
    public void Publish(TenantRequest request, ChannelKey channel, BroadcastMessage message)
    {
        request.Rates.Events.Add(1);
        bus.Publish(_node, new BroadcastPublished(request.Tenant.Config.Id, channel, message));
    }
}
