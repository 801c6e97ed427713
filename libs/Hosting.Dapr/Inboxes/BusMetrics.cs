using System.Diagnostics.Metrics;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>What the bus between nodes counts. Meter <c>Realtime.Bus</c>; every instrument is in metrics.md.</summary>
internal sealed class BusMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Realtime.Bus";

    private readonly Counter<long> _envelopes;
    private readonly Counter<long> _published;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _received;
    private readonly Counter<long> _ignored;
    private readonly Counter<long> _lost;

    /// <summary>Creates the instruments.</summary>
    public BusMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _envelopes = meter.CreateCounter<long>("realtime.bus.envelopes.published", "{envelope}", "Envelopes that the broker took.");
        _published = meter.CreateCounter<long>("realtime.bus.messages.published", "{message}", "Messages in these envelopes.");
        _dropped = meter.CreateCounter<long>("realtime.bus.messages.dropped", "{message}", "Messages that were not published, by reason: full, failed, stale, too_large, unknown.");
        _received = meter.CreateCounter<long>("realtime.bus.messages.received", "{message}", "Messages taken from this process's inbox.");
        _ignored = meter.CreateCounter<long>("realtime.bus.envelopes.ignored", "{envelope}", "Envelopes that were not taken, by reason: malformed, misdirected, own, stale, duplicate.");
        _lost = meter.CreateCounter<long>("realtime.bus.envelopes.lost", "{envelope}", "Envelopes missing in a publisher's sequence.");
    }

    public void Published(int messages)
    {
        _envelopes.Add(1);
        _published.Add(messages);
    }

    public void Dropped(int messages, string reason) => _dropped.Add(messages, KeyValuePair.Create<string, object?>("reason", reason));

    public void Received() => _received.Add(1);

    public void Ignored(string reason) => _ignored.Add(1, KeyValuePair.Create<string, object?>("reason", reason));

    public void Lost(long envelopes) => _lost.Add(envelopes);
}
