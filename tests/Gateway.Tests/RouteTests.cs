using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Realtime.Testing;

namespace Realtime.Gateway.Tests;

public sealed class RouteTests
{
    [Theory]
    [InlineData("/realtime/v1/api/broadcast", "broadcast POST /api/broadcast acme.gateway -")]
    [InlineData("/realtime/v1/api/broadcast/a%2Fb/events/x%20y?private=true", "broadcast POST /api/broadcast/a%2Fb/events/x%20y?private=true acme.gateway -")]
    [InlineData("/realtime/v1/api/ping", "broadcast POST /api/ping acme.gateway -")]
    [InlineData("/api/broadcast", "broadcast POST /api/broadcast acme.gateway -")]
    [InlineData("/api/ping", "broadcast POST /api/ping acme.gateway -")]
    [InlineData("/api/tenants/acme/health", "tenant-admin POST /api/tenants/acme/health acme.gateway -")]
    public async Task A_public_path_reaches_its_service(string path, string expected)
    {
        await using var gateway = await GatewayHost.StartAsync();

        Assert.Equal((HttpStatusCode.OK, expected), await gateway.AskAsync(path, method: "POST"));
    }

    [Theory]
    [InlineData("/realtime/v1/websocket?vsn=2.0.0")]
    [InlineData("/socket/websocket?vsn=2.0.0")]
    public async Task A_WebSocket_passes(string path)
    {
        await using var gateway = await GatewayHost.StartAsync(sockets: 1);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", "acme.example.org");
        var buffer = new byte[1000];

        await socket.ConnectAsync(new Uri($"ws://{gateway.Address.Authority}{path}"), TestContext.Current.CancellationToken);
        var received = await Wait.ForAsync(
            socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken).AsTask(), "a frame", TestContext.Current.CancellationToken);

        Assert.Equal("socket-0 GET /socket/websocket?vsn=2.0.0 acme.gateway -", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    [Theory]
    [InlineData("/realtime/v1/api/tenants", HttpStatusCode.Forbidden)]
    [InlineData("/realtime/v1/api/tenants/acme/reload", HttpStatusCode.Forbidden)]
    [InlineData("/realtime/v1/api/openapi", HttpStatusCode.Forbidden)]
    [InlineData("/internal/tenants?id=acme", HttpStatusCode.NotFound)]
    [InlineData("/realtime/v1/internal/tenants?id=acme", HttpStatusCode.NotFound)]
    [InlineData("/api/broadcast/../../internal/tenants?id=acme", HttpStatusCode.NotFound)]
    [InlineData("/api/tenants/../../internal/tenants?id=acme", HttpStatusCode.NotFound)]
    [InlineData("/metrics", HttpStatusCode.NotFound)]
    [InlineData("/admin/dashboard", HttpStatusCode.NotFound)]
    [InlineData("/", HttpStatusCode.NotFound)]
    public async Task What_is_not_public_is_refused(string path, HttpStatusCode status)
    {
        await using var gateway = await GatewayHost.StartAsync();

        Assert.Equal((status, ""), await gateway.AskAsync(path));
    }

    [Theory]
    [InlineData("ACME.example.org:4000", null, "acme.gateway -")]
    [InlineData("localhost", null, "fallback.gateway -")]
    [InlineData("127.0.0.1:4000", null, "fallback.gateway -")]
    [InlineData("acme.example.org", "globex", "[globex]")]
    public async Task Services_are_told_the_tenant(string host, string? header, string expected)
    {
        await using var gateway = await GatewayHost.StartAsync(defaultTenant: "fallback");

        var (status, answer) = await gateway.AskAsync("/api/ping", host, tenantHeader: header);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.EndsWith(expected, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_names_no_possible_tenant_does_not_become_the_default_of_a_service()
    {
        await using var gateway = await GatewayHost.StartAsync(defaultTenant: "fallback");

        // HttpClient would not send such a host.
        using var client = new TcpClient();
        await client.ConnectAsync(gateway.Address.Host, gateway.Address.Port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync("GET /api/ping HTTP/1.1\r\nHost: a~b.example.org\r\nConnection: close\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var answer = await Wait.ForAsync(reader.ReadToEndAsync(TestContext.Current.CancellationToken), "an answer", TestContext.Current.CancellationToken);

        Assert.Contains("broadcast GET /api/ping", answer, StringComparison.Ordinal);
        Assert.Contains("[]", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_connections_of_a_tenant_go_to_one_instance_and_tenants_to_all()
    {
        await using var gateway = await GatewayHost.StartAsync(sockets: 3);
        var instances = new Dictionary<string, HashSet<string>>();

        for (var i = 0; i < 90; i++)
        {
            var tenant = $"tenant-{i % 30}";
            var (_, answer) = await gateway.AskAsync("/socket/websocket", $"{tenant}.example.org");
            (instances.TryGetValue(tenant, out var used) ? used : instances[tenant] = []).Add(answer.Split(' ')[0]);
        }

        Assert.All(instances.Values, used => Assert.Single(used));
        Assert.Equal(3, instances.Values.SelectMany(used => used).Distinct().Count());
    }

    [Fact]
    public async Task The_gateway_says_that_it_lives()
    {
        await using var gateway = await GatewayHost.StartAsync();

        Assert.Equal((HttpStatusCode.OK, "ok"), await gateway.AskAsync("/healthcheck"));
    }
}
