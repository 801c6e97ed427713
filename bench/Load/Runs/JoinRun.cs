using System.Diagnostics;
using Realtime.Load.Measuring;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>Rounds in which all clients connect, join and close. Only the connecting and joining is measured.</summary>
internal sealed class JoinRun(LoadOptions options, FleetTarget target, IWire wire)
{
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(10);

    private readonly ServerProcess _server = new(options.ServerProcessIds);
    private int _rounds;
    private double? _serverCpuSeconds = 0;
    private double _clientCpuSeconds;

    public LoadReport Run(CancellationToken cancellationToken)
    {
        RunRounds(new Ramp(), options.Warmup, cancellationToken);

        (_serverCpuSeconds, _clientCpuSeconds) = (0, 0);
        var ramp = new Ramp();
        RunRounds(ramp, options.Duration, cancellationToken);

        return ramp.CreateReport(options, neededJoins: 1) with
        {
            MeasuredSeconds = ramp.Elapsed.TotalSeconds,
            ServerCpuSeconds = _serverCpuSeconds,
            ServerCpuMillisecondsPerJoin = _serverCpuSeconds * 1e3 / ramp.Joined,
            ServerResidentBytes = _server.Sample()?.ResidentBytes,
            ClientCpuSeconds = _clientCpuSeconds,
            ClientCpuShare = _clientCpuSeconds / (_clientCpuSeconds + _serverCpuSeconds),
        };
    }

    private void RunRounds(Ramp ramp, TimeSpan time, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            // Each round has a source address of its own: the ports of the last one may still linger.
            using var fleet = new Fleet(target with { FirstSource = 1 + (_rounds++ % 200) }, wire, ramp);
            var (serverBefore, clientBefore) = (_server.Sample(), Usage.OwnCpuSeconds);
            ramp.Run(fleet, options.Clients, options.Topics, options.Concurrency, cancellationToken);
            _serverCpuSeconds += Usage.Difference(serverBefore, _server.Sample());
            _clientCpuSeconds += Usage.OwnCpuSeconds - clientBefore;
            fleet.CloseAll(CloseTime);
        }
    }
}
