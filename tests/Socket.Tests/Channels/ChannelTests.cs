using Realtime.Contracts.Tenants;

namespace Realtime.Socket.Tests.Channels;

public sealed class ChannelTests
{
    [Fact]
    public async Task Heartbeat_is_answered_with_and_without_a_ref()
    {
        await using var host = await SocketHost.StartAsync();
        await using var v2 = await host.ConnectAsync();
        await using var v1 = await host.ConnectAsync("1.0.0");

        await v2.SendAsync("""[null,"7","phoenix","heartbeat",{"any":1}]""");
        await v2.SendAsync("""[null,null,"phoenix","heartbeat",{}]""");
        await v1.SendAsync("""{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"7"}""");

        await v2.ExpectAsync("""[null,"7","phoenix","phx_reply",{"status":"ok","response":{}}]""");
        await v2.ExpectAsync("""[null,null,"phoenix","phx_reply",{"status":"ok","response":{}}]""");
        await v1.ExpectAsync("""{"topic":"phoenix","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":"7"}""");
    }

    [Fact]
    public async Task Binary_heartbeat_and_leave_are_answered_as_text()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:a");

        await client.SendAsync([0, 0, 1, 7, 9, .. "7"u8, .. "phoenix"u8, .. "heartbeat"u8]);
        await client.SendAsync([0, 1, 1, 10, 9, .. "1"u8, .. "8"u8, .. "realtime:a"u8, .. "phx_leave"u8]);

        await client.ExpectAsync("""[null,"7","phoenix","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["1","8","realtime:a","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["1","1","realtime:a","phx_close",{}]""");
    }

    [Theory]
    [InlineData("""[null,"5","foo:bar","phx_join",{}]""", "foo:bar")]
    [InlineData("""[null,"5","phoenix","other",{}]""", "phoenix")]
    [InlineData("""["9","5","realtime:not-joined","broadcast",{}]""", "realtime:not-joined")]
    [InlineData("""["9","5","realtime:not-joined","access_token",{}]""", "realtime:not-joined")]
    public async Task Unknown_topic_is_unmatched(string message, string topic)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync(message);

        await client.ExpectAsync($$$"""[null,"5","{{{topic}}}","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]""");
    }

    [Fact]
    public async Task Unknown_event_on_a_channel_has_no_reply()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:a");

        await client.SendAsync("""["1","2","realtime:a","whatever",{}]""");
        await client.SendAsync("""["1","2","realtime:a","access_token",{}]""");
        await client.SendAsync("""["1","2","realtime:a","access_token",{"access_token":5}]""");

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Leave_is_answered_and_closes_the_channel()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby");

        await client.SendAsync("""["1","12","realtime:lobby","phx_leave",{}]""");
        await client.SendAsync("""["1","13","realtime:lobby","phx_leave",{}]""");

        await client.ExpectAsync("""["1","12","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        await client.ExpectAsync("""["1","13","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
    }

    [Fact]
    public async Task Leave_of_another_join_is_ignored()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", joinRef: "5");

        await client.SendAsync("""["4","6","realtime:lobby","phx_leave",{}]""");
        await client.ExpectNothingAsync();
        await client.SendAsync("""[null,"7","realtime:lobby","phx_leave",{}]""");

        await client.ExpectAsync("""["5","7","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["5","5","realtime:lobby","phx_close",{}]""");
    }

    [Fact]
    public async Task Join_without_a_join_ref_uses_its_ref()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync("""[null,"5","realtime:lobby","phx_join",{"config":{"broadcast":{"ack":true}}}]""");
        await client.SendAsync("""[null,"6","realtime:lobby","broadcast",{}]""");
        await client.SendAsync("""["x","7","realtime:lobby","phx_leave",{}]""");

        await client.ExpectAsync("""[null,"5","realtime:lobby","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""");
        await client.ExpectAsync("""["5","6","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["5","7","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""[null,null,"realtime:lobby","phx_close",{}]""");
    }

    [Fact]
    public async Task Version_1_gets_the_join_ref_only_as_ref_of_the_close()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync("1.0.0");

        await client.SendAsync("""{"topic":"realtime:lobby","event":"phx_join","payload":{"config":{}},"ref":"2","join_ref":"1"}""");
        await client.SendAsync("""{"topic":"realtime:lobby","event":"phx_leave","payload":{},"ref":"3","join_ref":"1"}""");

        await client.ExpectAsync("""{"topic":"realtime:lobby","event":"phx_reply","payload":{"status":"ok","response":{"postgres_changes":[]}},"ref":"2"}""");
        await client.ExpectAsync("""{"topic":"realtime:lobby","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":"3"}""");
        await client.ExpectAsync("""{"topic":"realtime:lobby","event":"phx_close","payload":{},"ref":"1"}""");
    }

    [Fact]
    public async Task Second_join_replaces_the_first_channel()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""", joinRef: "1");

        await client.SendAsync("""["9","9","realtime:lobby","phx_join",{"config":{"broadcast":{"self":true}}}]""");
        await client.SendAsync("""["9","10","realtime:lobby","broadcast",{}]""");

        await client.ExpectAsync("""["9","9","realtime:lobby","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""");
        await client.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        await client.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{}]""");
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Second_join_that_fails_ends_the_first_channel_all_the_same()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby");

        await client.SendAsync("""["9","9","realtime:lobby","phx_join",{"config":{},"access_token":"bad"}]""");

        await client.ExpectAsync(
            """["9","9","realtime:lobby","phx_reply",{"status":"error","response":{"reason":"MalformedJWT: The token provided is not a valid JWT"}}]""");
        await client.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        await client.SendAsync("""["9","10","realtime:lobby","broadcast",{}]""");
        await client.ExpectAsync("""[null,"10","realtime:lobby","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]""");
    }

    [Theory]
    [InlineData("null", "expected params to be a :map, got: `nil`")]
    [InlineData("5", "expected params to be a :map, got: `5`")]
    [InlineData("""{"config":"x"}""", "no function clause matching in Access.get/3")]
    [InlineData("""{"config":{"postgres_changes":[1]}}""", "expected a map, got:\\n\\n    1\\n")]
    public async Task Join_payload_that_cannot_be_read_is_refused(string payload, string text)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync($"""["1","1","realtime:a","phx_join",{payload}]""");

        await client.ExpectAsync($$$"""["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"UnknownErrorOnChannel: {{{text}}}"}}]""");
    }

    [Fact]
    public async Task Topic_without_a_name_is_refused()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync("""["1","1","realtime:","phx_join",{"config":{}}]""");

        await client.ExpectAsync("""["1","1","realtime:","phx_reply",{"status":"error","response":{"reason":"TopicNameRequired: You must provide a topic name"}}]""");
    }

    [Fact]
    public async Task Topics_may_have_any_characters()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        var topic = "realtime:ä:☃ \\\"" + new string('x', 3000);

        await client.JoinAsync(topic, """{"broadcast":{"self":true}}""");
        await client.SendAsync($$"""["1","2","{{topic}}","broadcast",{"n":1}]""");

        await client.ExpectAsync($$"""[null,null,"{{topic}}","broadcast",{"n":1}]""");
    }

    [Fact]
    public async Task Private_channel_without_a_database_is_refused()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync("""["1","1","realtime:vault","phx_join",{"config":{"private":true}}]""");

        await client.ExpectAsync(
            """["1","1","realtime:vault","phx_reply",{"status":"error","response":{"reason":"UnableToConnectToProject: Realtime was unable to connect to the project database"}}]""");
    }

    [Fact]
    public async Task Replay_on_a_public_channel_is_refused()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync("""["1","1","realtime:a","phx_join",{"config":{"broadcast":{"replay":null}}}]""");

        await client.ExpectAsync(
            """["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"UnableToReplayMessages: Replay is not allowed for public channels"}}]""");
    }

    [Fact]
    public async Task Private_only_tenant_refuses_public_channels()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { PrivateOnly = true });
        await using var client = await host.ConnectAsync();

        await client.SendAsync("""["1","1","realtime:a","phx_join",{"config":{}}]""");

        await client.ExpectAsync(
            """["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"PrivateOnly: This project only allows private channels"}}]""");
    }

    [Fact]
    public async Task Tenant_that_vanished_is_told_and_the_socket_closed()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        host.Tenants.Remove(new TenantId("acme"));
        host.Node.Catalog.Invalidate(new TenantId("acme"));

        await client.SendAsync("""["1","1","realtime:a","phx_join",{"config":{}}]""");

        await client.ExpectAsync(
            """["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"TenantNotFound: Tenant with the given ID does not exist"}}]""");
        await client.ExpectCloseAsync(1001);
    }

    [Fact]
    public async Task Suspended_tenant_refuses_joins()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        var tenant = (await host.Tenants.FindAsync(new TenantId("acme"), TestContext.Current.CancellationToken))!;
        host.Tenants.Put(tenant with { Suspended = true });
        host.Node.Catalog.Invalidate(tenant.Id);

        await client.SendAsync("""["1","1","realtime:a","phx_join",{"config":{}}]""");

        await client.ExpectAsync(
            """["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"RealtimeDisabledForTenant: Realtime disabled for this tenant"}}]""");
    }

    [Fact]
    public async Task Refused_join_delays_only_its_own_reply()
    {
        await using var host = await SocketHost.StartAsync(s => s with { ChannelErrorBackoff = TimeSpan.FromHours(1) });
        await using var client = await host.ConnectAsync();

        await client.SendAsync("""["1","1","realtime:","phx_join",{"config":{}}]""");
        await client.ExpectNothingAsync();

        await client.JoinAsync("realtime:other");
    }

    [Fact]
    public async Task Joins_go_on_while_the_store_is_down()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        host.Tenants.IsDown = true;
        host.Node.Catalog.Invalidate(new TenantId("acme"));

        await client.JoinAsync("realtime:a");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"topic\":\"realtime:a\",\"event\":\"phx_join\",\"payload\":{},\"ref\":\"1\"}")]
    [InlineData("[1,2,3,4]")]
    public async Task Malformed_text_is_ignored(string text)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync(text);

        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("05")]
    [InlineData("000101")]
    [InlineData("5B6E756C6C5D")]
    public async Task Malformed_binary_is_ignored(string hex)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync(Convert.FromHexString(hex));

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Malformed_message_is_logged_for_a_connection_that_asked_and_never_shown()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync(query: "&log_level=warning");

        await client.SendAsync("{\"secret\"");
        await client.ExpectNothingAsync();

        var line = Assert.Single(host.Logs.All, l => l.Event == "MalformedWebSocketMessage");
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Warning, line.Level);
        Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal);
    }
}
