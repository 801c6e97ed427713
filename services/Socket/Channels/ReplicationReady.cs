using Realtime.Protocol.Messages;

namespace Realtime.Socket.Channels;

/// <summary>Tells a channel that asked for it when broadcasts from the database are being read (protocol.md 3.6).</summary>
internal sealed class ReplicationReady(SocketNode node)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Looks until it is so, the channel has ended or a minute is over. Never throws.</summary>
    public async Task TellAsync(Channel channel)
    {
        var start = node.Time.GetTimestamp();
        try
        {
            while (!await IsStreamingAsync(channel))
            {
                if (node.Time.GetElapsedTime(start) >= Limit)
                {
                    channel.Session.Channels.ShutDown(channel, "Replication connection was not established in time");
                    return;
                }

                await Task.Delay(Interval, node.Time, node.Stopping);
                if (!channel.Session.Channels.Has(channel))
                {
                    return;
                }
            }

            channel.Session.Channels.Post(channel, ServerMessage.System(
                channel.Session.Version, channel.EffectiveJoinRef, channel.Topic, "system"u8, isOk: true, "Replication connection established"));
        }
        catch (OperationCanceledException) when (node.Stopping.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async ValueTask<bool> IsStreamingAsync(Channel channel)
    {
        try
        {
            return await node.Feed.AreBroadcastsStreamingAsync(channel.Session.Hub.Tenant, node.Stopping);
        }
        catch (Exception) when (!node.Stopping.IsCancellationRequested)
        {
            // Not now; it is asked again.
            return false;
        }
    }
}
