using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;

namespace Realtime.Gateway.Tests;

/// <summary>The gateway before services that answer with what they were asked: name, method, path with query, host, tenant header.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    private readonly List<WebApplication> _apps = [];

    public HttpClient Client { get; private set; } = null!;

    public Uri Address => Client.BaseAddress!;

    public static async Task<GatewayHost> StartAsync(int sockets = 2, string? defaultTenant = null)
    {
        var host = new GatewayHost();
        var names = Enumerable.Range(0, sockets).Select(i => $"socket-{i}");
        var socketAddresses = new List<string>();
        foreach (var name in names)
        {
            socketAddresses.Add(await host.StartServiceAsync(name));
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["PORT"] = "0",
            ["LISTEN_ADDRESS"] = "127.0.0.1",
            ["DEFAULT_TENANT"] = defaultTenant,
            ["SOCKET_ADDRESSES"] = string.Join(", ", socketAddresses),
            ["BROADCAST_ADDRESSES"] = await host.StartServiceAsync("broadcast"),
            ["TENANT_ADMIN_ADDRESSES"] = await host.StartServiceAsync("tenant-admin"),
        }).Build();
        var settings = RealtimeSettings.Read(configuration);
        var builder = WebApplication.CreateSlimBuilder();
        builder.AddRealtimeListener(settings.Node).AddGateway(settings.Tenants, GatewaySettings.Read(new SettingsReader(configuration)));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGateway();
        await app.StartAsync(TestContext.Current.CancellationToken);
        host._apps.Add(app);
        host.Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        return host;
    }

    /// <summary>Asks the gateway.</summary>
    public async Task<(HttpStatusCode Status, string Body)> AskAsync(
        string path, string host = "acme.example.org", string method = "GET", string? tenantHeader = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.TryAddWithoutValidation("Host", host);
        if (tenantHeader is not null)
        {
            request.Headers.Add("x-tenant-id", tenantHeader);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var app in Enumerable.Reverse(_apps))
        {
            await app.DisposeAsync();
        }
    }

    private async Task<string> StartServiceAsync(string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(context => AnswerAsync(context, name));
        await app.StartAsync(TestContext.Current.CancellationToken);
        _apps.Add(app);
        return app.Urls.Single();
    }

    private static async Task AnswerAsync(HttpContext context, string name)
    {
        var request = context.Request;
        var answer = $"{name} {request.Method} {request.Path}{request.QueryString} {request.Host.Value} {(request.Headers.TryGetValue("x-tenant-id", out var tenant) ? $"[{tenant}]" : "-")}";
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await context.Response.WriteAsync(answer, context.RequestAborted);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(answer), System.Net.WebSockets.WebSocketMessageType.Text, true, context.RequestAborted);
        await socket.ReceiveAsync(new byte[10].AsMemory(), context.RequestAborted);
    }
}
