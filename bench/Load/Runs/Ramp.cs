using System.Diagnostics;
using HdrHistogram;
using Realtime.Load.Measuring;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>Connects and joins clients, a bounded number of them at a time.</summary>
internal sealed class Ramp : IFleetObserver
{
    private int _pending;

    /// <summary>Time from connect to join of each client.</summary>
    public LongHistogram JoinTicks { get; } = LatencySummary.CreateHistogram();

    /// <summary>Clients that became members.</summary>
    public long Joined { get; private set; }

    /// <summary>Connections and channels that ended though nobody asked.</summary>
    public long Failures { get; private set; }

    /// <summary>Why the first of them ended.</summary>
    public string? FirstFailure { get; private set; }

    /// <summary>Time spent in <see cref="Run"/>.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Returns when all clients have joined or failed.</summary>
    public void Run(Fleet fleet, int clients, int topics, int concurrency, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var first = fleet.Connections.Count;
        _pending = 0;
        while (fleet.Connections.Count - first < clients || _pending > 0)
        {
            while (_pending < concurrency && fleet.Connections.Count - first < clients)
            {
                _pending++;
                fleet.Open((fleet.Connections.Count - first) % topics);
            }

            cancellationToken.ThrowIfCancellationRequested();
            fleet.Poll(100);
        }

        Elapsed += Stopwatch.GetElapsedTime(started);
    }

    /// <inheritdoc/>
    public void OnJoined(Connection connection, long now)
    {
        Joined++;
        _pending--;
        LatencySummary.Record(JoinTicks, now - connection.StartedAt);
    }

    /// <inheritdoc/>
    public void OnDelivery(Connection connection, Stamp stamp, long now)
    {
        // Nobody publishes while clients join.
    }

    /// <inheritdoc/>
    public void OnEnded(Connection connection, string reason)
    {
        Failures++;
        FirstFailure ??= reason;
        if (!connection.HasJoined)
        {
            _pending--;
        }
    }

    /// <summary>What is known of a run when its clients have joined.</summary>
    /// <exception cref="LoadFailedException">Nobody has, or fewer than are needed.</exception>
    public LoadReport CreateReport(LoadOptions options, long neededJoins)
    {
        if (Joined < neededJoins)
        {
            throw new LoadFailedException($"{Joined} clients joined and {Failures} failed; the first failure: {FirstFailure ?? "none"}");
        }

        return new LoadReport
        {
            Scenario = options.Scenario,
            Protocol = options.Protocol,
            Clients = options.Clients,
            Topics = options.Topics,
            Joined = Joined,
            JoinsPerSecond = Math.Round(Joined / Math.Max(Elapsed.TotalSeconds, 1e-6)),
            JoinLatency = LatencySummary.From(JoinTicks),
            Failures = Failures,
            FirstFailure = FirstFailure,
        };
    }
}
