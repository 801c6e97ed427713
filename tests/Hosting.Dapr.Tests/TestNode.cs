using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Dapr.Inboxes;
using Realtime.Hosting.Dapr.Membership;
using Realtime.Sidecar;
using Realtime.Testing;

namespace Realtime.Hosting.Dapr.Tests;

/// <summary>A process of the cluster with a sidecar of its own.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly MeterListener _meters = new();
    private readonly Dictionary<string, long> _counts = [];

    private TestNode(StandInSidecar sidecar, DaprSettings settings)
    {
        Sidecar = sidecar;
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddMetrics();
        services.AddDaprCluster(settings, "test");
        _services = services.BuildServiceProvider();
        Count(_services.GetRequiredService<IMeterFactory>());
    }

    public StandInSidecar Sidecar { get; }

    public INodeBus Bus => _services.GetRequiredService<INodeBus>();

    public DaprNodeDirectory Directory => _services.GetRequiredService<DaprNodeDirectory>();

    public ClusterReadiness Readiness => _services.GetRequiredService<ClusterReadiness>();

    public Guid Process => _services.GetRequiredService<ProcessIdentity>().Id;

    public static StandInCluster NewCluster() => new(DaprNames.PubSub, DaprNames.StateStore, TimeProvider.System);

    /// <summary>Starts a process; the sidecar, too, unless it is to come later.</summary>
    public static async Task<TestNode> StartAsync(StandInCluster cluster, bool withSidecar = true, TimeSpan? lease = null, int slots = 8)
    {
        var sidecar = new StandInSidecar(cluster, "test");
        if (withSidecar)
        {
            await sidecar.StartAsync();
        }

        var node = new TestNode(sidecar, new DaprSettings
        {
            GrpcEndpoint = sidecar.GrpcEndpoint,
            HttpEndpoint = sidecar.HttpEndpoint,
            Slots = slots,
            RefreshInterval = TimeSpan.FromMilliseconds(200),
            ProbeInterval = TimeSpan.FromMilliseconds(200),
            Lease = lease ?? TimeSpan.FromSeconds(15),
        });
        await node.Membership.StartAsync(CancellationToken.None);
        return node;
    }

    /// <summary>Waits until the process is a member of the cluster.</summary>
    public async Task ReadyAsync()
    {
        try
        {
            await Wait.UntilAsync(() => Readiness.IsReady, "a process that is ready", TestContext.Current.CancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}; {string.Join("; ", Readiness.Missing)}");
        }
    }

    /// <summary>Waits until this process knows that another one hosts a tenant.</summary>
    public Task KnowsHostAsync(TestNode other, TenantId tenant) => Wait.UntilAsync(
        () => Directory.HostsOf(tenant).Any(peer => peer.Process == other.Process), "a known host", TestContext.Current.CancellationToken);

    /// <summary>Waits until this process knows another one.</summary>
    public Task KnowsAsync(TestNode other) => Wait.UntilAsync(
        () => Directory.Peers.Any(peer => peer.Process == other.Process), "a known process", TestContext.Current.CancellationToken);

    /// <summary>What was counted so far: an instrument, or instrument and reason with a blank between.</summary>
    public long CountOf(string name)
    {
        lock (_counts)
        {
            return _counts.GetValueOrDefault(name);
        }
    }

    /// <summary>Ends the process in order.</summary>
    public Task StopAsync() => Membership.StopAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        await Sidecar.DisposeAsync();
        _meters.Dispose();
    }

    private ClusterMembership Membership => _services.GetServices<IHostedService>().OfType<ClusterMembership>().Single();

    private void Count(IMeterFactory factory)
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == factory)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = tags.IsEmpty ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
            lock (_counts)
            {
                _counts[name] = _counts.GetValueOrDefault(name) + value;
            }
        });
        _meters.Start();
    }
}
