using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Realtime.Sidecar;
using Realtime.Testing;

namespace Realtime.Cluster.Tests;

/// <summary>A service as it is deployed: a process of its own, beside a sidecar.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServiceProcess(Process process, StandInSidecar sidecar, Uri address)
    {
        (_process, Sidecar, Address) = (process, sidecar, address);
        Client = new HttpClient { BaseAddress = address };
        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
    }

    public StandInSidecar Sidecar { get; }

    public Uri Address { get; }

    public HttpClient Client { get; }

    /// <summary>Starts a service and waits until it is ready.</summary>
    /// <param name="cluster">What its sidecar shares with others.</param>
    /// <param name="appId">The service's app-id.</param>
    /// <param name="assembly">The service's assembly.</param>
    /// <param name="environment">Settings.</param>
    public static async Task<ServiceProcess> StartAsync(
        StandInCluster cluster, string appId, string assembly, IReadOnlyDictionary<string, string> environment)
    {
        var sidecar = new StandInSidecar(cluster, appId);
        await sidecar.StartAsync();
        var port = FreePort();
        var start = new ProcessStartInfo(DotNet, [Path.Combine(AppContext.BaseDirectory, assembly)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PORT"] = $"{port}",
                ["LISTEN_ADDRESS"] = "127.0.0.1",
                ["DAPR_GRPC_PORT"] = $"{sidecar.GrpcEndpoint.Port}",
                ["DAPR_HTTP_PORT"] = $"{sidecar.HttpEndpoint.Port}",
                ["APP_API_TOKEN"] = cluster.AppApiToken,
            },
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var service = new ServiceProcess(new Process { StartInfo = start }, sidecar, new Uri($"http://127.0.0.1:{port}"));
        service._process.Start();
        service._process.BeginOutputReadLine();
        service._process.BeginErrorReadLine();
        cluster.Apps[appId] = service.Address;
        await service.ReadyAsync();
        return service;
    }

    /// <summary>Waits until the service says that it is ready.</summary>
    public async Task ReadyAsync()
    {
        var last = "no answer";
        for (var began = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(began) < 3 * Wait.Limit;)
        {
            try
            {
                last = await Client.GetStringAsync(new Uri("/readyz", UriKind.Relative), TestContext.Current.CancellationToken);
                return;
            }
            catch (HttpRequestException exception) when (!_process.HasExited)
            {
                last = exception.Message;
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }

        throw new TimeoutException($"Not ready: {last}\n{Output}");
    }

    /// <summary>What the process wrote.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        Client.Dispose();
        await Sidecar.DisposeAsync();
    }

    // The runtime's folder is <dotnet>/shared/<framework>/<version>.
    private static string DotNet => Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
