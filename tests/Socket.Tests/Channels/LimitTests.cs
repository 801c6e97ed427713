using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;

namespace Realtime.Socket.Tests.Channels;

public sealed class LimitTests
{
    [Fact]
    public async Task Channels_of_a_client_are_limited_and_leaving_frees_a_place()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxChannelsPerClient = 2 } });
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:a");
        await client.JoinAsync("realtime:b");

        await client.SendAsync("""["3","3","realtime:c","phx_join",{"config":{}}]""");
        await client.ExpectAsync("""["3","3","realtime:c","phx_reply",{"status":"error","response":{"reason":"ChannelRateLimitReached: Too many channels"}}]""");
        await client.SendAsync("""["1","4","realtime:a","phx_leave",{}]""");
        await client.ExpectAsync("""["1","4","realtime:a","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["1","1","realtime:a","phx_close",{}]""");

        await client.JoinAsync("realtime:c");
    }

    [Fact]
    public async Task Users_are_limited_at_the_first_join()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxConcurrentUsers = 1 } });
        await using var second = await host.ConnectAsync();
        await using var first = await host.ConnectAsync();
        await first.JoinAsync("realtime:a");
        await first.JoinAsync("realtime:b");

        await second.SendAsync("""["1","1","realtime:a","phx_join",{"config":{}}]""");

        await second.ExpectAsync(
            """["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"ConnectionRateLimitReached: Too many connected users"}}]""");
    }

    [Fact]
    public async Task Too_many_joins_close_the_socket()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(
            s => s with { ChannelErrorBackoff = TimeSpan.Zero }, t => t with { Limits = t.Limits with { MaxJoinsPerSecond = 1 } }, time);
        await using var client = await host.ConnectAsync();
        for (var i = 0; i < 9; i++)
        {
            await client.JoinAsync($"realtime:{i}");
        }

        await client.SendAsync("""["1","1","realtime:a","phx_join",{"config":{}}]""");

        await client.ExpectAsync(
            """["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"ClientJoinRateLimitReached: Too many joins per second"}}]""");
        await client.ExpectCloseAsync(1001);
    }

    [Fact]
    public async Task Too_many_messages_close_each_channel_after_its_delivery()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxEventsPerSecond = 0 } });
        await using var sender = await host.ConnectAsync();
        await using var receiver = await host.ConnectAsync();
        await sender.JoinAsync("realtime:lobby", """{"broadcast":{"ack":true}}""");
        await receiver.JoinAsync("realtime:lobby");

        await sender.SendAsync("""["1","2","realtime:lobby","broadcast",{}]""");

        await receiver.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{}]""");
        await receiver.ExpectAsync("""["1",null,"realtime:lobby","system",{"extension":"system","status":"error","message":"Too many messages per second","channel":"lobby"}]""");
        await receiver.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        await sender.ExpectAsync("""["1","2","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await sender.ExpectNothingAsync();
    }

    [Fact]
    public async Task New_quotas_apply_to_open_sockets_without_a_disconnect()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:a", """{"broadcast":{"ack":true}}""");
        var tenant = (await host.Tenants.FindAsync(new TenantId("acme"), TestContext.Current.CancellationToken))!;
        host.Tenants.Put(tenant with { Limits = tenant.Limits with { MaxPayloadKilobytes = 0 } });

        host.Bus.Publish(SocketHost.OtherNode, new Contracts.Nodes.TenantChanged(tenant.Id, TenantChanges.None));
        await Testing.Wait.UntilAsync(() => host.Node.Hubs.Find(tenant.Id)!.Model.Config.Limits.MaxPayloadKilobytes == 0, "the new limit", TestContext.Current.CancellationToken);
        await client.SendAsync($$"""["1","2","realtime:a","broadcast",{"p":"{{new string('x', 600)}}"}]""");

        await client.ExpectAsync("""["1","2","realtime:a","phx_reply",{"status":"error","response":"payload_size_exceeded"}]""");
    }
}
