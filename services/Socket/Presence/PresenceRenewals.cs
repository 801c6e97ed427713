using Realtime.Contracts.Presence;

namespace Realtime.Socket.Presence;

/// <summary>One timer that renews this node's members on all topics, and mends what differs.</summary>
internal sealed partial class PresenceRenewals(SocketNode node, ILogger<PresenceRenewals> logger) : BackgroundService
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);

        // The listener has stopped, so all channels have left; the other nodes are to hear of it.
        await Task.WhenAll(node.TopicPresences.All.Select(topic => topic.WhenIdleAsync())).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(IPresenceDirectory.RenewalInterval, node.Time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await RenewAsync(stoppingToken);
        }
    }

    private async Task RenewAsync(CancellationToken stoppingToken)
    {
        var topics = node.TopicPresences.All.Where(topic => !topic.IsRetired).Select(topic => (Topic: topic, Renewal: topic.Renewal())).ToArray();
        if (topics.Length == 0)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(Deadline, node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stoppingToken);
        try
        {
            var mismatches = await node.PresenceDirectory.RenewAsync(
                node.Id, [.. topics.Select(topic => topic.Renewal)], either.Token).AsTask().WaitAsync(either.Token);
            Heal(topics, mismatches);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // Tried again at the next tick; the directory keeps members for three of them.
            Log.NotRenewed(logger, topics.Length, exception);
        }
    }

    private static void Heal((TopicPresence Topic, PresenceRenewal Renewal)[] topics, IReadOnlyList<PresenceMismatch> mismatches)
    {
        if (mismatches.Count == 0)
        {
            return;
        }

        // A topic that retired just now can be there beside the one that followed it.
        var byName = topics.ToLookup(topic => topic.Renewal.Topic, topic => topic.Topic);
        foreach (var mismatch in mismatches)
        {
            foreach (var topic in byName[mismatch.Topic])
            {
                topic.Heal(mismatch);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The presences of {Topics} topics could not be renewed.", EventName = "PresenceNotRenewed")]
        public static partial void NotRenewed(ILogger logger, int topics, Exception exception);
    }
}
