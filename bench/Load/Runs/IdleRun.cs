using System.Diagnostics;
using Realtime.Load.Measuring;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>Measures what clients cost that have joined and then do nothing.</summary>
internal sealed class IdleRun(LoadOptions options, FleetTarget target, IWire wire)
{
    private const int FirstClients = 100;
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(10);

    private readonly ServerProcess _server = new(options.ServerProcessIds);

    public LoadReport Run(CancellationToken cancellationToken)
    {
        MakeServerLoadItsCode(cancellationToken);
        var empty = _server.Sample();

        var ramp = new Ramp();
        using var fleet = new Fleet(target, wire, ramp);
        ramp.Run(fleet, options.Clients, options.Topics, options.Concurrency, cancellationToken);
        var joined = _server.Sample();
        Hold(fleet, options.Duration, cancellationToken);
        var idle = _server.Sample();
        var members = fleet.Connections.Count(c => c.State == ConnectionState.Joined);
        fleet.CloseAll(CloseTime);

        return ramp.CreateReport(options, neededJoins: 1) with
        {
            MeasuredSeconds = options.Duration.TotalSeconds,
            ServerCpuMillisecondsPerJoin = Usage.Difference(empty, joined) * 1e3 / ramp.Joined,
            ServerCpuSeconds = Usage.Difference(joined, idle),
            ServerResidentBytes = idle?.ResidentBytes,
            BytesPerIdleClient = members > 0 ? (idle?.ResidentBytes - empty?.ResidentBytes) / (double?)members : null,
        };
    }

    // The first clients make the server compile and cache things; that is not a cost of each client.
    private void MakeServerLoadItsCode(CancellationToken cancellationToken)
    {
        var ramp = new Ramp();
        using var fleet = new Fleet(target with { FirstSource = 200 }, wire, ramp);
        ramp.Run(fleet, Math.Min(FirstClients, options.Clients), options.Topics, options.Concurrency, cancellationToken);
        Hold(fleet, options.Warmup, cancellationToken);
        fleet.CloseAll(CloseTime);
    }

    private static void Hold(Fleet fleet, TimeSpan time, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            cancellationToken.ThrowIfCancellationRequested();
            fleet.Poll(50);
        }
    }
}
