using Realtime.Protocol.WebSockets;

namespace Realtime.Socket.Lifecycle;

/// <summary>Closes all sessions with 1012 when the process stops, in batches, so that their clients do not come back all at once (protocol.md 1.8).</summary>
internal sealed partial class ShutdownDrain(SocketNode node, IHostApplicationLifetime lifetime, ILogger<ShutdownDrain> logger) : IHostedService
{
    private const int BatchSize = 1000;
    private static readonly TimeSpan BatchPause = TimeSpan.FromMilliseconds(50);

    private CancellationTokenRegistration _registration;
    private Task _drain = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The listener waits for open connections when it stops, so they have to be closed before.
        _registration = lifetime.ApplicationStopping.Register(() => _drain = DrainAsync());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _drain.WaitAsync(cancellationToken);
        await _registration.DisposeAsync();
    }

    private async Task DrainAsync()
    {
        var sessions = node.Hubs.All.SelectMany(hub => hub.Sessions()).ToArray();
        Log.Draining(logger, sessions.Length);
        for (var closed = 0; closed < sessions.Length; closed++)
        {
            if (closed > 0 && closed % BatchSize == 0)
            {
                await Task.Delay(BatchPause, node.Time, CancellationToken.None);
            }

            sessions[closed].Close(CloseCode.ServiceRestart);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Closing {Sessions} sessions")]
        public static partial void Draining(ILogger logger, int sessions);
    }
}
