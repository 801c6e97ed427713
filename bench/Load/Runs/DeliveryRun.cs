using System.Diagnostics;
using Realtime.Load.Measuring;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>Some clients publish, all receive: the scenarios <see cref="Scenario.Fanout"/> and <see cref="Scenario.Latency"/>.</summary>
internal sealed class DeliveryRun(LoadOptions options, FleetTarget target, IWire wire)
{
    private const int LongestWaitMilliseconds = 50;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(5);

    private readonly ServerProcess _server = new(options.ServerProcessIds);

    public LoadReport Run(CancellationToken cancellationToken)
    {
        var ramp = new Ramp();
        var tracker = new DeliveryTracker(ramp, options);
        using var fleet = new Fleet(target, wire, tracker);
        var beforeJoins = _server.Sample();
        ramp.Run(fleet, options.Clients, options.Topics, options.Concurrency, cancellationToken);
        var joins = ramp.CreateReport(options, options.Clients) with
        {
            ServerCpuMillisecondsPerJoin = Usage.Difference(beforeJoins, _server.Sample()) * 1e3 / ramp.Joined,
        };

        CreatePublishers(fleet, tracker);
        Publish(fleet, tracker, options.Warmup, cancellationToken);
        RequirePublishers(ramp, tracker);

        var before = new Snapshot(_server.Sample(), Usage.OwnCpuSeconds, tracker);
        ResetLatestSends(tracker);
        tracker.Measuring = true;
        Publish(fleet, tracker, options.Duration, cancellationToken);
        tracker.Measuring = false;
        var after = new Snapshot(_server.Sample(), Usage.OwnCpuSeconds, tracker);
        RequirePublishers(ramp, tracker);

        var drainStarted = Stopwatch.GetTimestamp();
        while (!tracker.IsComplete(fleet.Connections) && Stopwatch.GetElapsedTime(drainStarted) < DrainTime)
        {
            cancellationToken.ThrowIfCancellationRequested();
            fleet.Poll(LongestWaitMilliseconds);
        }

        fleet.CloseAll(CloseTime);
        return Report(joins with { Failures = ramp.Failures, FirstFailure = ramp.FirstFailure }, tracker, before, after);
    }

    private void CreatePublishers(Fleet fleet, DeliveryTracker tracker)
    {
        for (var number = 0; number < options.Publishers; number++)
        {
            var topic = number % options.Topics;
            var receivers = (options.Clients - topic + options.Topics - 1) / options.Topics;
            tracker.Publishers[number] = new Publisher(
                fleet,
                fleet.Connections[number],
                number / options.Topics,
                wire.CreatePublish(target.Topics[topic], Stamp.CreatePayload(options.PayloadBytes)),
                options.Rate > 0 ? null : new PublishWindow(options.Window, receivers),
                options.Window,
                options.Rate);
        }

        // Publishers take turns within one interval, so that they do not all send in the same millisecond.
        var now = Stopwatch.GetTimestamp();
        for (var number = 0; options.Rate > 0 && number < options.Publishers; number++)
        {
            tracker.Publishers[number].Start(now + (long)(Stopwatch.Frequency / options.Rate * number / options.Publishers));
        }
    }

    private static void Publish(Fleet fleet, DeliveryTracker tracker, TimeSpan time, CancellationToken cancellationToken)
    {
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        for (var now = Stopwatch.GetTimestamp(); now < end; now = Stopwatch.GetTimestamp())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var wait = end - now;
            foreach (var publisher in tracker.Publishers)
            {
                publisher.Publish(now);
                wait = Math.Min(wait, publisher.UntilDue(now));
            }

            var milliseconds = (wait * 1000 + Stopwatch.Frequency - 1) / Stopwatch.Frequency;
            fleet.Poll((int)Math.Min(milliseconds, LongestWaitMilliseconds));
        }
    }

    private static void RequirePublishers(Ramp ramp, DeliveryTracker tracker)
    {
        foreach (var publisher in tracker.Publishers)
        {
            if (!publisher.IsMember)
            {
                throw new LoadFailedException($"A publisher ended before the run did; the first of {ramp.Failures} failures: {ramp.FirstFailure}");
            }
        }
    }

    private static void ResetLatestSends(DeliveryTracker tracker)
    {
        foreach (var publisher in tracker.Publishers)
        {
            publisher.LatestSend = 0;
        }
    }

    private LoadReport Report(LoadReport joins, DeliveryTracker tracker, Snapshot before, Snapshot after)
    {
        var seconds = Stopwatch.GetElapsedTime(before.Time, after.Time).TotalSeconds;
        var deliveries = after.Deliveries - before.Deliveries;
        var serverCpu = Usage.Difference(before.Server, after.Server);
        var clientCpu = after.ClientCpuSeconds - before.ClientCpuSeconds;
        long latest = 0;
        foreach (var publisher in tracker.Publishers)
        {
            latest = Math.Max(latest, publisher.LatestSend);
        }

        return joins with
        {
            MeasuredSeconds = seconds,
            Published = after.Published - before.Published,
            Deliveries = deliveries,
            DeliveriesPerSecond = Math.Round(deliveries / seconds),
            Latency = LatencySummary.From(tracker.Ticks),
            LatestSendMilliseconds = options.Rate > 0 ? Math.Round(latest * 1000.0 / Stopwatch.Frequency, 3) : null,
            Lost = tracker.CountMissing(),
            Duplicated = tracker.Duplicated,
            ServerCpuSeconds = serverCpu,
            ServerCpuMicrosecondsPerDelivery = deliveries > 0 ? serverCpu * 1e6 / deliveries : null,
            ServerResidentBytes = after.Server?.ResidentBytes,
            ClientCpuSeconds = clientCpu,
            ClientCpuShare = clientCpu / (clientCpu + serverCpu),
        };
    }

    private readonly struct Snapshot
    {
        public Snapshot(ServerUsage? server, double clientCpuSeconds, DeliveryTracker tracker)
        {
            (Time, Server, ClientCpuSeconds, Deliveries) = (Stopwatch.GetTimestamp(), server, clientCpuSeconds, tracker.Deliveries);
            foreach (var publisher in tracker.Publishers)
            {
                Published += publisher.Published;
            }
        }

        public long Time { get; }
        public ServerUsage? Server { get; }
        public double ClientCpuSeconds { get; }
        public long Deliveries { get; }
        public long Published { get; }
    }
}
