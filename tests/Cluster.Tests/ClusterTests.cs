namespace Realtime.Cluster.Tests;

/// <summary>The services as separate processes, from a client's point of view.</summary>
public sealed class ClusterTests(ServiceCluster cluster) : IClassFixture<ServiceCluster>
{
    [Fact]
    public async Task Clients_of_two_nodes_hear_each_other_in_order()
    {
        await using var a = await ClusterClient.JoinAsync(cluster.SocketA, "acme", "realtime:both");
        await using var b = await ClusterClient.JoinAsync(cluster.SocketB, "acme", "realtime:both");
        await MeetAsync(a, b, "realtime:both");
        await MeetAsync(b, a, "realtime:both");

        for (var i = 0; i < 300; i++)
        {
            await a.BroadcastAsync("realtime:both", $"number {i}");
        }

        for (var i = 0; i < 300; i++)
        {
            Assert.Contains($"\"number {i}\"", await b.NextWithAsync("number"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_message_of_the_HTTP_API_reaches_clients_of_all_nodes()
    {
        await using var a = await ClusterClient.JoinAsync(cluster.SocketA, "acme", "realtime:http");
        await using var b = await ClusterClient.JoinAsync(cluster.SocketB, "acme", "realtime:http");
        var message = new { messages = new[] { new { topic = "http", @event = "say", payload = new { text = "by http" } } } };

        // A service hears within milliseconds who hosts a tenant, and there is nothing to wait for: it is told again until both have heard.
        var heard = Task.WhenAll(a.NextWithAsync("by http"), b.NextWithAsync("by http"));
        while (!heard.IsCompleted)
        {
            await ServiceCluster.SendAsync(cluster.Broadcast, HttpMethod.Post, "/api/broadcast", message, "acme");
            await Task.WhenAny(heard, Task.Delay(100, TestContext.Current.CancellationToken));
        }

        await heard;
    }

    [Fact]
    public async Task A_private_topic_without_a_policy_is_refused_by_the_database()
    {
        await using var client = await ClusterClient.JoinAsync(cluster.SocketA, "acme", "realtime:public");

        await client.SendJoinAsync("realtime:closed", """{"private":true}""");

        Assert.Contains("You do not have permissions", await client.NextWithAsync("\"status\":\"error\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_lost_its_sidecar_for_a_while_hears_what_it_missed()
    {
        await using var a = await ClusterClient.JoinAsync(cluster.SocketA, "acme", "realtime:lost");
        await using var b = await ClusterClient.JoinAsync(cluster.SocketB, "acme", "realtime:lost");
        await MeetAsync(a, b, "realtime:lost");

        await cluster.SocketB.Sidecar.KillAsync();
        await a.BroadcastAsync("realtime:lost", "missed");
        await cluster.SocketB.Sidecar.StartAsync();

        await b.NextWithAsync("missed");
        await cluster.SocketB.ReadyAsync();
    }

    [Fact]
    public async Task A_suspended_tenant_is_disconnected_on_all_nodes()
    {
        var extension = new { type = "postgres_cdc_rls", settings = await cluster.CreateDatabaseAsync() };
        var tenant = new { tenant = new { jwt_secret = ServiceCluster.Secret, extensions = new[] { extension } } };
        await ServiceCluster.SendAsync(cluster.TenantAdmin, HttpMethod.Put, "/api/tenants/globex", tenant, "admin");
        await using var a = await ClusterClient.JoinAsync(cluster.SocketA, "globex", "realtime:room");
        await using var b = await ClusterClient.JoinAsync(cluster.SocketB, "globex", "realtime:room");

        await ServiceCluster.SendAsync(cluster.TenantAdmin, HttpMethod.Patch, "/api/tenants/globex", new { tenant = new { suspend = true } }, "admin");

        foreach (var client in new[] { a, b })
        {
            await client.NextWithAsync("Server requested disconnect");
            while (client.CloseCode is null)
            {
                await client.NextAsync("a close frame");
            }

            Assert.Equal(1012, client.CloseCode);
        }
    }

    // One node hears within milliseconds that the other hosts the tenant, too; until then messages may miss it.
    private static async Task MeetAsync(ClusterClient speaker, ClusterClient listener, string topic)
    {
        var heard = listener.NextWithAsync("hello");
        while (!heard.IsCompleted)
        {
            await speaker.BroadcastAsync(topic, "hello");
            await Task.WhenAny(heard, Task.Delay(100, TestContext.Current.CancellationToken));
        }

        await heard;
    }
}
