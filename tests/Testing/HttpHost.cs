using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;

namespace Realtime.Testing;

/// <summary>A real server on a free port of 127.0.0.1 with what every service's host has, and tenants in memory.</summary>
public sealed class HttpHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpHost(WebApplication app, InMemoryTenantStore tenants)
    {
        _app = app;
        Tenants = tenants;
        Address = new Uri(app.Urls.Single());
        Client = new HttpClient { BaseAddress = Address };
    }

    /// <summary>Tenants the server knows.</summary>
    public InMemoryTenantStore Tenants { get; }

    /// <summary>Where the server listens.</summary>
    public Uri Address { get; }

    /// <summary>A client for it; the tenant is the request's <c>Host</c> header.</summary>
    public HttpClient Client { get; }

    /// <summary>The server's container.</summary>
    public IServiceProvider Services => _app.Services;

    /// <param name="add">Registers what the routes need.</param>
    /// <param name="map">Maps routes.</param>
    /// <param name="settings">Environment variables.</param>
    /// <param name="logs">Receives the log; nothing is printed.</param>
    public static async Task<HttpHost> StartAsync(
        Action<WebApplicationBuilder>? add = null,
        Action<WebApplication>? map = null,
        IDictionary<string, string?>? settings = null,
        ILoggerProvider? logs = null)
    {
        var environment = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>())
        {
            ["PORT"] = "0",
            ["LISTEN_ADDRESS"] = "127.0.0.1",
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddRealtimeHosting(RealtimeSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(environment).Build()));
        builder.Logging.ClearProviders();
        if (logs is not null)
        {
            builder.Logging.AddProvider(logs);
        }

        var tenants = new InMemoryTenantStore();
        builder.Services.AddSingleton<ITenantStore>(tenants);
        add?.Invoke(builder);
        var app = builder.Build();
        app.UseRealtimeHosting();
        app.MapHealthcheck().MapPing();
        map?.Invoke(app);
        await app.StartAsync();
        return new HttpHost(app, tenants);
    }

    /// <summary>Sends bytes as they are and reads until the server closes: for what no client library would send.</summary>
    public async Task<string> SendRawAsync(string request, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Address.Host, Address.Port, cancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), cancellationToken);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return await Wait.ForAsync(reader.ReadToEndAsync(cancellationToken), "the end of the raw answer", cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
