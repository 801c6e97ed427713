using Realtime.Hosting.Limits;
using Realtime.Protocol.Broadcasts;
using Realtime.Socket.Channels;

namespace Realtime.Socket.Fanout;

/// <summary>Delivers broadcasts to this node's members and applies the tenant's event limit (protocol.md 8.2).</summary>
internal sealed class FanoutDelivery(TenantRateBook rates, SocketMetrics metrics)
{
    private const string LimitReached = "Too many messages per second";

    /// <summary>Delivers to the members of one topic.</summary>
    /// <param name="hub">The tenant.</param>
    /// <param name="group">The topic.</param>
    /// <param name="message">The broadcast.</param>
    /// <param name="sender">The channel that sent it; null when another node did.</param>
    public void Deliver(TenantHub hub, TopicGroup group, BroadcastMessage message, Channel? sender)
    {
        var events = rates.For(hub.Model.Config).Events;
        // Over the limit each channel still gets the message and is then shut down.
        var recipients = events.IsExceeded ? new List<Channel>() : null;
        var delivered = group.Deliver(message, sender, recipients);
        events.Add(delivered + (sender is null ? 0 : 1));
        metrics.MessagesDelivered(delivered);
        if (recipients is { Count: > 0 })
        {
            // Not here: this thread may hold nothing of another session, and a channel must not shut itself down in its own handler.
            ThreadPool.UnsafeQueueUserWorkItem(ShutDown, recipients, preferLocal: false);
        }
    }

    private static void ShutDown(List<Channel> recipients)
    {
        foreach (var channel in recipients)
        {
            channel.Session.Channels.ShutDown(channel, LimitReached);
        }
    }
}
