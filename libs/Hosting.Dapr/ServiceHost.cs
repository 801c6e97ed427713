using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;

namespace Realtime.Hosting.Dapr;

/// <summary>Runs one service as a process beside its sidecar.</summary>
public static class ServiceHost
{
    // Sockets are closed over up to 30 s, and what they still send goes out after that (operations.md 4.10).
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(40);

    /// <summary>Runs until the process is told to stop.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="appId">The service's app-id, one of <see cref="DaprNames"/>.</param>
    /// <param name="add">Registers the service.</param>
    /// <param name="map">Maps its routes; those that tell whether it lives and is ready are there already.</param>
    /// <param name="isForOperator">Which failures of the start an operator can mend, by the message alone.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        string[] args,
        string appId,
        Action<WebApplicationBuilder, RealtimeSettings> add,
        Func<WebApplication, Task> map,
        Func<Exception, bool>? isForOperator = null)
    {
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(map);
        try
        {
            await using var app = Build(args, appId, add);
            app.UseRealtimeHosting();
            app.MapHealthcheck().MapReadiness();
            await map(app);
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception) when (
            exception is InvalidConfigurationException or AddressInUseException or IOException { InnerException: AddressInUseException }
            || isForOperator?.Invoke(exception) is true)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static WebApplication Build(string[] args, string appId, Action<WebApplicationBuilder, RealtimeSettings> add)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        var settings = RealtimeSettings.Read(builder.Configuration);
        var reader = new SettingsReader(builder.Configuration);
        var sidecar = DaprSettings.Read(reader);
        reader.ThrowIfInvalid();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.AddRealtimeHosting(settings);
        builder.Services.AddDaprCluster(sidecar, appId);
        add(builder, settings);
        return builder.Build();
    }
}
