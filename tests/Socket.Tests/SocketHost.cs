using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.InProcess;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Hosting.Tokens;
using Realtime.Presence.Directory;
using Realtime.Testing;

namespace Realtime.Socket.Tests;

/// <summary>The socket service alone on a real Kestrel, with tenants in memory.</summary>
internal sealed class SocketHost : IAsyncDisposable
{
    public const string Secret = "dev";
    public static readonly NodeId OtherNode = new("other");

    private readonly WebApplication _app;

    private SocketHost(WebApplication app, InMemoryTenantStore tenants, LogLines logs)
    {
        (_app, Tenants, Logs) = (app, tenants, logs);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Port = new Uri(address).Port;
    }

    public InMemoryTenantStore Tenants { get; }

    public LogLines Logs { get; }

    public int Port { get; }

    public INodeBus Bus => _app.Services.GetRequiredService<INodeBus>();

    public IPresenceDirectory Presences => _app.Services.GetRequiredService<IPresenceDirectory>();

    public SocketNode Node => _app.Services.GetRequiredService<SocketNode>();

    public IHostApplicationLifetime Lifetime => _app.Lifetime;

    /// <summary>Starts with tenants <c>acme</c> and <c>globex</c>, short back-offs and generous limits.</summary>
    public static async Task<SocketHost> StartAsync(
        Func<SocketSettings, SocketSettings>? socket = null,
        Func<TenantConfig, TenantConfig>? tenant = null,
        TimeProvider? time = null,
        IChannelAuthorizer? authorizer = null,
        IReplayStore? replays = null,
        IChangeFeed? feed = null,
        TokenSettings? tokens = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        var logs = new LogLines();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(logs);
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var settings = RealtimeSettings.Read(new ConfigurationBuilder().Build());
        settings = settings with
        {
            Socket = (socket ?? (s => s))(settings.Socket with
            {
                ConnectErrorBackoff = TimeSpan.FromMilliseconds(1),
                ChannelErrorBackoff = TimeSpan.FromMilliseconds(1),
            }),
            Tokens = tokens ?? settings.Tokens,
        };
        var store = new InMemoryTenantStore();
        foreach (var name in (string[])["acme", "globex"])
        {
            store.Put((tenant ?? (t => t))(new TenantConfig
            {
                Id = new TenantId(name),
                JwtSecret = Secret,
                Limits = new TenantLimits { MaxEventsPerSecond = 1_000_000, MaxJoinsPerSecond = 1_000_000, MaxConcurrentUsers = 10_000, MaxPresenceEventsPerSecond = 1_000_000 },
            }));
        }

        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(settings.Tenants);
        builder.Services.AddSingleton(settings.Tokens);
        builder.Services.AddSingleton<ITenantStore>(store);
        builder.Services.AddSingleton<TenantCatalog>();
        builder.Services.AddSingleton<TenantResolver>();
        builder.Services.AddSingleton<TenantRateBook>();
        builder.Services.AddSingleton<TokenVerifier>();
        builder.Services.AddSingleton<INodeBus, InProcessNodeBus>();
        builder.Services.AddSingleton<INodeDirectory, InProcessNodeDirectory>();
        builder.Services.AddSingleton(authorizer ?? new UnavailableChannelAuthorizer());
        builder.Services.AddSingleton<IPresenceDirectory, LocalPresenceDirectory>();
        builder.Services.AddSingleton(replays ?? new UnavailableReplayStore());
        builder.Services.AddSingleton(feed ?? new UnavailableChangeFeed());
        builder.AddSocket(settings);
        var app = builder.Build();
        app.MapSocket();
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new SocketHost(app, store, logs);
    }

    /// <summary>Address of the WebSocket endpoint with query parameters.</summary>
    public Uri Address(string query) => new($"ws://127.0.0.1:{Port}/socket/websocket?{query}");

    /// <summary>A token of every tenant here.</summary>
    public static string Token(object? claims = null, DateTimeOffset? expiresAt = null) => Testing.Tokens.Sign(Secret, claims, expiresAt);

    /// <summary>Connects a client.</summary>
    public Task<TestClient> ConnectAsync(string version = "2.0.0", string tenant = "acme", string? token = null, string query = "") =>
        TestClient.ConnectAsync(Address($"vsn={version}&apikey={token ?? Token()}{query}"), tenant);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(TestContext.Current.CancellationToken);
        await _app.DisposeAsync();
    }
}
