using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Socket.Tests.Lifecycle;

public sealed class DisconnectTests
{
    [Fact]
    public async Task Changed_tenant_is_announced_to_each_channel_and_closed_with_1012()
    {
        await using var host = await SocketHost.StartAsync();
        await using var joined = await host.ConnectAsync();
        await using var idle = await host.ConnectAsync();
        await using var other = await host.ConnectAsync(tenant: "globex");
        await joined.JoinAsync("realtime:lobby");
        await idle.ExpectNothingAsync();
        await other.ExpectNothingAsync();

        host.Bus.Publish(SocketHost.OtherNode, new TenantChanged(new TenantId("acme"), TenantChanges.Disconnect));

        await joined.ExpectAsync("""[null,null,"realtime:lobby","system",{"extension":"system","status":"ok","message":"Server requested disconnect"}]""");
        await joined.ExpectCloseAsync(1012);
        await idle.ExpectCloseAsync(1012);
        await other.ExpectNothingAsync();
    }

    [Fact]
    public async Task Stopping_server_refuses_joins_and_closes_with_1012_without_a_message()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby");

        host.Lifetime.StopApplication();

        await client.ExpectCloseAsync(1012);
    }

    [Fact]
    public async Task Vanished_client_leaves_nothing_behind()
    {
        await using var host = await SocketHost.StartAsync();
        var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby");
        Assert.Equal(1, host.Node.Directory.CountUsers(new TenantId("acme")));

        await client.DisposeAsync();

        await Wait.UntilAsync(() => host.Node.Hubs.Find(new TenantId("acme")) is null, "the end of the tenant's hub", TestContext.Current.CancellationToken);
        Assert.Equal(0, host.Node.Directory.CountUsers(new TenantId("acme")));
        Assert.Equal(0, host.Node.Deadlines.Count);
    }
}
