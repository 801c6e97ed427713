using Realtime.Protocol.WebSockets;

namespace Realtime.Socket.Lifecycle;

/// <summary>One timer that looks at all sessions: silent ones are closed, sockets that gave up all their channels are ended (protocol.md 1.7).</summary>
internal sealed class SessionSweep(SocketNode node) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(node.Settings.IdleCheckInterval, node.Time);
        var lastSweep = node.Time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var isSweepDue = node.Time.GetElapsedTime(lastSweep) >= node.Settings.NoChannelTimeout;
            lastSweep = isSweepDue ? node.Time.GetTimestamp() : lastSweep;
            foreach (var hub in node.Hubs.All)
            {
                foreach (var session in hub.Sessions())
                {
                    if (session.Silence >= node.Settings.IdleTimeout)
                    {
                        session.Close(CloseCode.Normal);
                    }
                    else if (isSweepDue && session.Channels is { HasTriedToJoin: true, Count: 0 })
                    {
                        session.Abort();
                    }
                }
            }
        }
    }
}
