using System.Net.Http.Headers;
using System.Net.Http.Json;
using Realtime.Hosting.Dapr;
using Realtime.Sidecar;
using Realtime.Testing;

namespace Realtime.Cluster.Tests;

/// <summary>Two socket services, one broadcast service and one tenant administration, on a real PostgreSQL.</summary>
public sealed class ServiceCluster : IAsyncLifetime
{
    /// <summary>Signs everybody's tokens.</summary>
    public const string Secret = "a-secret-that-is-long-enough-for-everybody";

    private readonly StandInCluster _cluster = new(DaprNames.PubSub, DaprNames.StateStore, TimeProvider.System) { AppApiToken = "app-token" };
    private PostgresServer _postgres = null!;

    internal ServiceProcess TenantAdmin { get; private set; } = null!;

    internal ServiceProcess Broadcast { get; private set; } = null!;

    internal ServiceProcess SocketA { get; private set; } = null!;

    internal ServiceProcess SocketB { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>
        {
            ["DB_HOST"] = _postgres.Host,
            ["DB_PORT"] = $"{_postgres.Port}",
            ["DB_USER"] = PostgresServer.User,
            ["DB_PASSWORD"] = PostgresServer.Password,
            ["DB_NAME"] = await _postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken),
            ["DB_AFTER_CONNECT_QUERY"] = "SET search_path TO _realtime",
            ["DB_ENC_KEY"] = "1234567890123456",
            ["API_JWT_SECRET"] = Secret,
            ["METRICS_JWT_SECRET"] = Secret,
            ["SEED_SELF_HOST"] = "true",
            ["SELF_HOST_TENANT_NAME"] = "acme",
        };
        TenantAdmin = await ServiceProcess.StartAsync(_cluster, DaprNames.TenantAdminApp, "Realtime.TenantAdmin.dll", environment);
        Broadcast = await ServiceProcess.StartAsync(_cluster, DaprNames.BroadcastApp, "Realtime.Broadcast.dll", environment);
        var none = new Dictionary<string, string>();
        SocketA = await ServiceProcess.StartAsync(_cluster, DaprNames.SocketApp, "Realtime.Socket.dll", none);
        SocketB = await ServiceProcess.StartAsync(_cluster, DaprNames.SocketApp, "Realtime.Socket.dll", none);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in new[] { SocketA, SocketB, Broadcast, TenantAdmin })
        {
            if (service is not null)
            {
                await service.DisposeAsync();
            }
        }

        await _postgres.DisposeAsync();
    }

    /// <summary>Creates an empty database.</summary>
    /// <returns>Settings of an extension that has it.</returns>
    internal async Task<object> CreateDatabaseAsync() => new
    {
        region = "us-east-1",
        db_host = _postgres.Host,
        db_port = $"{_postgres.Port}",
        db_name = await _postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken),
        db_user = PostgresServer.User,
        db_password = PostgresServer.Password,
        ssl_enforced = false,
    };

    /// <summary>Sends JSON to a service as a client of a tenant, or as an operator; the answer must be a success.</summary>
    internal static async Task SendAsync(ServiceProcess service, HttpMethod method, string path, object body, string tenant)
    {
        using var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        request.Headers.Host = $"{tenant}.localhost";
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Tokens.Sign(Secret));
        using var response = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
    }
}
