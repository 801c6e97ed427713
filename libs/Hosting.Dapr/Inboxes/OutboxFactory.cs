using Microsoft.Extensions.Logging;
using Realtime.Hosting.Dapr.Membership;
using Realtime.Hosting.Dapr.Sidecars;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Makes the outboxes of this process.</summary>
internal sealed class OutboxFactory(
    ProcessIdentity self, Sidecar sidecar, DaprSettings settings, TimeProvider time, BusMetrics metrics, ILogger<Outbox> logger)
{
    private long _epoch;

    /// <param name="target">The process to send to.</param>
    /// <param name="topic">Its topic at the moment.</param>
    public Outbox Create(Guid target, Func<string> topic) =>
        new(sidecar.PublishAsync, topic, self.Id, target, Interlocked.Increment(ref _epoch), settings.StaleAfter, time, metrics, logger);
}
