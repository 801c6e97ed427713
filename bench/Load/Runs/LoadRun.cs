using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Realtime.Load.Measuring;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>Runs one scenario on the calling thread.</summary>
internal static class LoadRun
{
    /// <exception cref="LoadFailedException">The run could not measure what it should.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static LoadReport Run(LoadOptions options, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new LoadFailedException("The load program needs Linux: it uses epoll and /proc.");
        }

        var target = FindTarget(options);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.TimeLimit);
        try
        {
            var wire = CreateWire(options);
            return options.Scenario switch
            {
                Scenario.Join => new JoinRun(options, target, wire).Run(limit.Token),
                Scenario.Idle => new IdleRun(options, target, wire).Run(limit.Token),
                _ => new DeliveryRun(options, target, wire).Run(limit.Token),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LoadFailedException($"The run did not end within its limit of {options.TimeLimit.TotalSeconds:0} s.");
        }
        catch (Win32Exception failure)
        {
            throw new LoadFailedException($"The system refused a socket: {failure.Message}. Is \"ulimit -n\" above the number of clients?");
        }
    }

    private static IWire CreateWire(LoadOptions options) => (options.Protocol, options.Version) switch
    {
        (Protocol.Bare, _) => new BareWire(options.Url.AbsolutePath),
        (_, "1.0.0") => new RealtimeWireV1(options.Url.AbsolutePath, options.Token),
        _ => new RealtimeWireV2(options.Url.AbsolutePath, options.Token),
    };

    private static FleetTarget FindTarget(LoadOptions options)
    {
        var addresses = Resolve(options.Url.DnsSafeHost);
        if (!options.AllowRemote && !Array.TrueForAll(addresses, IPAddress.IsLoopback))
        {
            throw new LoadFailedException($"{options.Url.Host} is not this machine. Add --allow-remote if you may load it.");
        }

        // Only IPv4 has more than one loopback address, so it comes first.
        var address = addresses.OrderBy(a => a.AddressFamily).First();
        var run = Random.Shared.Next(0x10000);
        return new FleetTarget(
            new IPEndPoint(address, options.Url.Port),
            options.Host ?? options.Url.Authority,
            [.. Enumerable.Range(0, options.Topics).Select(i => $"load-{run:x4}-{i}")]);
    }

    private static IPAddress[] Resolve(string host)
    {
        try
        {
            var addresses = Dns.GetHostAddresses(host);
            return addresses.Length > 0 ? addresses : throw new LoadFailedException($"{host} has no address.");
        }
        catch (SocketException failure)
        {
            throw new LoadFailedException($"{host} has no address: {failure.Message}");
        }
    }
}
