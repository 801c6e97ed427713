using System.Net.WebSockets;
using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Socket.Tests.Channels;

public sealed class BroadcastTests
{
    private const string Lobby = "7265616C74696D653A6C6F626279";

    [Fact]
    public async Task Text_broadcast_reaches_members_of_both_versions_as_text()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync();
        await using var v2 = await host.ConnectAsync();
        await using var v1 = await host.ConnectAsync("1.0.0");
        await sender.JoinAsync("realtime:lobby");
        await v2.JoinAsync("realtime:lobby");
        await JoinV1Async(v1);

        await sender.SendAsync("""["1","2","realtime:lobby","broadcast",{"type":"broadcast","event":"move","payload":{"x": 1},"extra":[]}]""");

        await v2.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"type":"broadcast","event":"move","payload":{"x": 1},"extra":[]}]""");
        await v1.ExpectAsync(
            """{"topic":"realtime:lobby","event":"broadcast","payload":{"type":"broadcast","event":"move","payload":{"x": 1},"extra":[]},"ref":null}""");
        await sender.ExpectNothingAsync();
    }

    [Fact]
    public async Task Broadcast_of_version_1_reaches_version_2_as_text()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync("1.0.0");
        await using var v2 = await host.ConnectAsync();
        await JoinV1Async(sender);
        await v2.JoinAsync("realtime:lobby");

        await sender.SendAsync("""{"topic":"realtime:lobby","event":"broadcast","payload":{"event":"e"},"ref":"2","join_ref":"1"}""");

        await v2.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"event":"e"}]""");
    }

    [Fact]
    public async Task Json_user_broadcast_is_binary_for_version_2_and_an_object_for_version_1()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync();
        await using var v2 = await host.ConnectAsync();
        await using var v1 = await host.ConnectAsync("1.0.0");
        await sender.JoinAsync("realtime:lobby");
        await v2.JoinAsync("realtime:lobby");
        await JoinV1Async(v1);

        await sender.SendAsync(Convert.FromHexString("0301010E040001" + "3339" + Lobby + "6D6F7665" + "7B2278223A317D"));

        await v2.ExpectAsync(Convert.FromHexString("040E040001" + Lobby + "6D6F7665" + "7B2278223A317D"));
        await v1.ExpectAsync(
            """{"topic":"realtime:lobby","event":"broadcast","payload":{"type":"broadcast","event":"move","payload":{"x":1}},"ref":null}""");
    }

    [Fact]
    public async Task Binary_user_broadcast_skips_version_1()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync();
        await using var v2 = await host.ConnectAsync();
        await using var v1 = await host.ConnectAsync("1.0.0");
        await sender.JoinAsync("realtime:lobby");
        await v2.JoinAsync("realtime:lobby");
        await JoinV1Async(v1);

        await sender.SendAsync(Convert.FromHexString("0301010E040000" + "3134" + Lobby + "7469636B" + "DEAD"));
        await sender.SendAsync("""["1","2","realtime:lobby","broadcast",{"n":2}]""");

        await v2.ExpectAsync(Convert.FromHexString("040E040000" + Lobby + "7469636B" + "DEAD"));
        await v1.ExpectAsync("""{"topic":"realtime:lobby","event":"broadcast","payload":{"n":2},"ref":null}""");
    }

    [Fact]
    public async Task Metadata_of_a_user_broadcast_is_not_forwarded()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync();
        await sender.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""");

        await sender.SendAsync(Convert.FromHexString("0301010E040201" + "3339" + Lobby + "6D6F7665" + "7B7D" + "31"));

        await sender.ExpectAsync(Convert.FromHexString("040E040001" + Lobby + "6D6F7665" + "31"));
    }

    [Fact]
    public async Task Binary_push_is_kind_2_for_version_2_only()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync();
        await using var v1 = await host.ConnectAsync("1.0.0");
        await sender.JoinAsync("realtime:lobby", """{"broadcast":{"self":true,"ack":true}}""");
        await JoinV1Async(v1);

        await sender.SendAsync(Convert.FromHexString("0001010E09" + "3133" + Lobby + "62726F616463617374" + "CAFE"));
        await sender.SendAsync("""["1","4","realtime:lobby","broadcast",{}]""");

        await sender.ExpectAsync(Convert.FromHexString("020E09" + Lobby + "62726F616463617374" + "CAFE"));
        await sender.ExpectAsync("""["1","3","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await v1.ExpectAsync("""{"topic":"realtime:lobby","event":"broadcast","payload":{},"ref":null}""");
    }

    [Fact]
    public async Task Own_copy_comes_before_the_acknowledgement()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"self":true,"ack":true}}""");

        await client.SendAsync("""["1","3","realtime:lobby","broadcast",{"event":"e"}]""");

        await client.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"event":"e"}]""");
        await client.ExpectAsync("""["1","3","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
    }

    [Fact]
    public async Task Push_with_a_stale_or_missing_join_ref_or_a_null_ref_is_processed()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"ack":true}}""", joinRef: "7");

        await client.SendAsync("""[null,"3","realtime:lobby","broadcast",{}]""");
        await client.SendAsync("""["6",null,"realtime:lobby","broadcast",{}]""");

        await client.ExpectAsync("""["7","3","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await client.ExpectAsync("""["7",null,"realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
    }

    [Fact]
    public async Task Text_payload_that_is_no_object_is_dropped()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"self":true,"ack":true}}""");

        foreach (var payload in (string[])["null", "1", "\"x\"", "[]"])
        {
            await client.SendAsync($"""["1","3","realtime:lobby","broadcast",{payload}]""");
        }

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Json_user_payload_that_is_no_json_is_dropped()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"self":true,"ack":true}}""");

        await client.SendAsync([.. Convert.FromHexString("0301010E040001" + "3339" + Lobby + "6D6F7665"), .. "{not json"u8]);

        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(1427, true)]
    [InlineData(1428, false)]
    public async Task Text_payload_is_measured_as_a_term(int characters, bool passes)
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPayloadKilobytes = 1 } });
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"ack":true}}""");

        await client.SendAsync($$$"""["1","3","realtime:lobby","broadcast",{"type":"broadcast","event":"e","payload":{"p":"{{{new string('x', characters)}}}"}}]""");

        await client.ExpectAsync(passes
            ? """["1","3","realtime:lobby","phx_reply",{"status":"ok","response":{}}]"""
            : """["1","3","realtime:lobby","phx_reply",{"status":"error","response":"payload_size_exceeded"}]""");
    }

    [Theory]
    [InlineData(1, 1474, true)]
    [InlineData(1, 1475, false)]
    [InlineData(0, 1472, true)]
    [InlineData(0, 1473, false)]
    public async Task User_payload_is_measured_in_bytes(byte encoding, int length, bool passes)
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPayloadKilobytes = 1 } });
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"ack":true}}""");
        var payload = Encoding.ASCII.GetBytes("\"" + new string('x', length - 2) + "\"");

        await client.SendAsync([3, 1, 1, 14, 2, 0, encoding, .. "19"u8, .. "realtime:lobby"u8, .. "ev"u8, .. payload]);

        await client.ExpectAsync(passes
            ? """["1","9","realtime:lobby","phx_reply",{"status":"ok","response":{}}]"""
            : """["1","9","realtime:lobby","phx_reply",{"status":"error","response":"payload_size_exceeded"}]""");
    }

    [Fact]
    public async Task Oversized_payload_without_ack_is_dropped_silently()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPayloadKilobytes = 1 } });
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""");

        await client.SendAsync($$$"""["1","3","realtime:lobby","broadcast",{"p":"{{{new string('x', 2000)}}}"}]""");

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Tenants_and_topics_never_meet()
    {
        await using var host = await SocketHost.StartAsync();
        await using var acme = await host.ConnectAsync(tenant: "acme");
        await using var globex = await host.ConnectAsync(tenant: "globex");
        await using var elsewhere = await host.ConnectAsync(tenant: "acme");
        await acme.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""");
        await globex.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""");
        await elsewhere.JoinAsync("realtime:Lobby", """{"broadcast":{"self":true}}""");

        await acme.SendAsync("""["1","3","realtime:lobby","broadcast",{"from":"acme"}]""");
        await acme.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"from":"acme"}]""");
        await globex.SendAsync("""["1","3","realtime:lobby","broadcast",{"from":"globex"}]""");

        await globex.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"from":"globex"}]""");
        await elsewhere.ExpectNothingAsync();
        await acme.ExpectNothingAsync();
    }

    [Fact]
    public async Task Message_of_another_node_reaches_all_members()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby");
        var message = new BroadcastMessage { Body = BroadcastBody.Envelope, Topic = "realtime:lobby"u8.ToArray(), Payload = "{\"n\":1}"u8.ToArray() };

        host.Bus.Publish(SocketHost.OtherNode, new BroadcastPublished(new TenantId("globex"), new ChannelKey("lobby", false), message));
        host.Bus.Publish(SocketHost.OtherNode, new BroadcastPublished(new TenantId("acme"), new ChannelKey("lobby", true), message));
        host.Bus.Publish(SocketHost.OtherNode, new BroadcastPublished(new TenantId("acme"), new ChannelKey("lobby", false), message));

        await client.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"n":1}]""");
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Broadcast_goes_to_the_other_nodes()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        var other = new Fanout.RecordingSink();
        using var subscription = host.Bus.Subscribe(SocketHost.OtherNode, other);
        await client.JoinAsync("realtime:lobby");

        await client.SendAsync("""["1","3","realtime:lobby","broadcast",{"n":1}]""");

        var published = Assert.IsType<BroadcastPublished>(await other.NextAsync());
        Assert.Equal(new ChannelKey("lobby", false), published.Channel);
        Assert.Equal("{\"n\":1}", Encoding.UTF8.GetString(published.Message.Payload.Span));
    }

    [Fact]
    public async Task Messages_of_one_sender_keep_their_order()
    {
        await using var host = await SocketHost.StartAsync();
        await using var sender = await host.ConnectAsync();
        await using var receiver = await host.ConnectAsync();
        await sender.JoinAsync("realtime:lobby");
        await receiver.JoinAsync("realtime:lobby");

        for (var i = 0; i < 2000; i++)
        {
            await sender.SendAsync($$$"""["1","3","realtime:lobby","broadcast",{"n":{{{i}}}}]""");
        }

        for (var i = 0; i < 2000; i++)
        {
            await receiver.ExpectAsync($$$"""[null,null,"realtime:lobby","broadcast",{"n":{{{i}}}}]""");
        }
    }

    [Fact]
    public async Task Fragmented_message_is_put_together()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""");
        var text = """["1","3","realtime:lobby","broadcast",{"n":1}]"""u8.ToArray();

        await client.SendAsync(text[..5], WebSocketMessageType.Text, isEnd: false);
        await client.SendAsync(text[5..20], WebSocketMessageType.Text, isEnd: false);
        await client.SendAsync(text[20..], WebSocketMessageType.Text);

        await client.ExpectAsync("""[null,null,"realtime:lobby","broadcast",{"n":1}]""");
    }

    private static async Task JoinV1Async(TestClient client)
    {
        await client.SendAsync("""{"topic":"realtime:lobby","event":"phx_join","payload":{"config":{}},"ref":"1","join_ref":"1"}""");
        await client.ExpectAsync("""{"topic":"realtime:lobby","event":"phx_reply","payload":{"status":"ok","response":{"postgres_changes":[]}},"ref":"1"}""");
    }
}
