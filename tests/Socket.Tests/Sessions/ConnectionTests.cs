using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Socket.Tests.Sessions;

public sealed class ConnectionTests
{
    private static readonly string[] HostileSeeds =
    [
        """["1","1","realtime:lobby","phx_join",{"config":{"broadcast":{"self":true},"presence":{"enabled":true}}}]""",
        """["1","2","realtime:lobby","broadcast",{"type":"broadcast","event":"e","payload":{"a":[1,{"b":null}]}}]""",
        """["1","3","realtime:lobby","access_token",{"access_token":"x"}]""",
        """["1","4","realtime:lobby","presence",{"event":"track","payload":{}}]""",
        """["1","5","realtime:lobby","phx_leave",{}]""",
    ];

    [Fact]
    public async Task Ping_is_answered_with_the_same_body()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);

        await client.SendFrameAsync(0x89, 1, 2, 3);
        await client.SendFrameAsync(0x8A, 9);
        await client.SendFrameAsync(0x89);

        await client.ExpectAsync("8A03010203" + "8A00");
    }

    [Theory]
    [InlineData("03E8", "880203E8")]
    [InlineData("0FA0", "88020FA0")]
    [InlineData("1387", "88021387")]
    [InlineData("03E8627965", "880203E8")]
    [InlineData("", "8800")]
    [InlineData("03", "880203EA")]
    [InlineData("0000", "880203EA")]
    [InlineData("03ED", "880203EA")]
    public async Task Close_is_answered_with_its_code_and_no_reason(string body, string answer)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);

        await client.SendFrameAsync(0x88, Convert.FromHexString(body));

        await client.ExpectAsync(answer);
        await client.ExpectEndAsync();
    }

    [Theory]
    [InlineData("8105", "not masked")]
    [InlineData("C18000000000", "a reserved bit")]
    [InlineData("838000000000", "an unknown opcode")]
    [InlineData("808000000000", "a continuation of nothing")]
    [InlineData("098000000000", "a fragmented ping")]
    [InlineData("89FE007E00000000", "a ping of 126 bytes")]
    [InlineData("018000000000" + "818000000000", "a message inside a fragmented one")]
    public async Task Malformed_frame_closes_with_1002(string hex, string why)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);

        await client.WriteAsync(Convert.FromHexString(hex));

        await client.ExpectAsync("880203EA");
        await client.ExpectEndAsync();
        Assert.NotNull(why);
    }

    [Fact]
    public async Task Frame_over_the_limit_closes_with_1009_before_it_arrives()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);

        await client.WriteAsync(Convert.FromHexString("81FF00000000004C4B41" + "00000000"));

        await client.ExpectAsync("880203F1");
    }

    [Fact]
    public async Task Fragments_over_the_limit_close_with_1009()
    {
        await using var host = await SocketHost.StartAsync(s => s with { MaxMessageBytes = 1000 });
        await using var client = await RawConnection.OpenAsync(host);

        await client.SendFrameAsync(0x01, new byte[600]);
        await client.SendFrameAsync(0x80, new byte[401]);

        await client.ExpectAsync("880203F1");
    }

    [Fact]
    public async Task Message_of_the_largest_size_is_read()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);
        var text = """[null,"1","phoenix","heartbeat",""" + "\"" + new string('x', 5_000_000 - 35) + "\"]";
        Assert.Equal(5_000_000, text.Length);

        await client.SendTextAsync(text);

        await client.ExpectAsync("813E" + Convert.ToHexString("[null,\"1\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"u8));
    }

    [Fact]
    public async Task Ping_between_fragments_is_answered_and_the_message_completed()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);
        var text = """[null,"1","phoenix","heartbeat",{}]"""u8.ToArray();

        await client.SendFrameAsync(0x01, text[..7]);
        await client.SendFrameAsync(0x89, 5);
        await client.SendFrameAsync(0x00, text[7..9]);
        await client.SendFrameAsync(0x80, text[9..]);

        await client.ExpectAsync("8A0105" + "813E" + Convert.ToHexString("[null,\"1\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"u8));
    }

    [Fact]
    public async Task Bytes_that_come_one_by_one_are_read()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await RawConnection.OpenAsync(host);

        foreach (var part in RawConnection.Frame(0x81, """[null,"1","phoenix","heartbeat",{}]"""u8.ToArray()))
        {
            await client.WriteAsync([part]);
        }

        await client.ExpectAsync("813E" + Convert.ToHexString("[null,\"1\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"u8));
    }

    [Fact]
    public async Task Silent_client_is_closed_with_1000_and_any_frame_keeps_it()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(time: time);
        await using var silent = await RawConnection.OpenAsync(host);
        await using var alive = await RawConnection.OpenAsync(host);
        await Wait.UntilAsync(() => host.Node.Hubs.SessionCount == 2, "two sessions", TestContext.Current.CancellationToken);

        for (var second = 0; second < 66; second += 6)
        {
            time.Advance(TimeSpan.FromSeconds(6));
            await alive.SendFrameAsync(0x89, 1);
            await alive.ExpectAsync("8A0101");
        }

        await silent.ExpectAsync("880203E8");
        await alive.SendFrameAsync(0x89, 2);
        await alive.ExpectAsync("8A0102");
    }

    [Fact]
    public async Task Socket_that_gave_up_its_channels_is_swept_and_one_that_never_joined_is_not()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(s => s with { NoChannelTimeout = TimeSpan.FromSeconds(30) }, time: time);
        await using var left = await host.ConnectAsync();
        await using var listens = await host.ConnectAsync();
        await using var joined = await host.ConnectAsync();
        await joined.JoinAsync("realtime:a");
        await left.JoinAsync("realtime:a");
        await left.SendAsync("""["1","2","realtime:a","phx_leave",{}]""");
        await left.ExpectAsync("""["1","2","realtime:a","phx_reply",{"status":"ok","response":{}}]""");
        await left.ExpectAsync("""["1","1","realtime:a","phx_close",{}]""");

        for (var i = 0; i < 6; i++)
        {
            time.Advance(TimeSpan.FromSeconds(6));
        }

        await left.ExpectAbortAsync();
        await listens.ExpectNothingAsync();
        await joined.ExpectNothingAsync();
    }

    [Fact]
    public async Task Client_that_never_finishes_the_close_is_cut_off()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(time: time);
        await using var client = await RawConnection.OpenAsync(host);
        await Wait.UntilAsync(() => host.Node.Hubs.SessionCount == 1, "a session", TestContext.Current.CancellationToken);

        host.Node.Hubs.Find(new TenantId("acme"))!.Sessions().Single().Close(1012);
        await client.ExpectAsync("880203F4");
        for (var i = 0; i < 55; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await client.ExpectBreakAsync();
        await Wait.UntilAsync(() => host.Node.Hubs.SessionCount == 0, "the end of the session", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Slow_client_is_closed_and_the_others_get_everything()
    {
        await using var host = await SocketHost.StartAsync(s => s with { MaxOutboxMessages = 64 });
        await using var slow = await RawConnection.OpenAsync(host, receiveBuffer: 4096);
        await using var sender = await host.ConnectAsync();
        await using var healthy = await host.ConnectAsync();
        await slow.SendTextAsync("""["1","1","realtime:lobby","phx_join",{"config":{}}]""");
        await Wait.UntilAsync(() => host.Node.Directory.CountUsers(new TenantId("acme")) == 1, "the slow member", TestContext.Current.CancellationToken);
        await sender.JoinAsync("realtime:lobby", """{"broadcast":{"ack":true}}""");
        await healthy.JoinAsync("realtime:lobby");
        var payload = "{\"p\":\"" + new string('x', 100_000) + "\"}";

        for (var i = 0; i < 400 && host.Logs.All.All(l => l.Event != "SlowClientClosed"); i++)
        {
            await sender.SendAsync($"""["1","{i}","realtime:lobby","broadcast",{payload}]""");
            await healthy.ExpectAsync($"""[null,null,"realtime:lobby","broadcast",{payload}]""");
            await sender.ExpectAsync($$$"""["1","{{{i}}}","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        }

        Assert.Contains(host.Logs.All, l => l.Event == "SlowClientClosed");
        await slow.ExpectBreakAsync();
        await healthy.ExpectNothingAsync();
    }

    [Fact]
    public async Task Flood_of_refused_joins_is_not_read_until_they_are_answered()
    {
        await using var host = await SocketHost.StartAsync(s => s with { ChannelErrorBackoff = TimeSpan.FromMilliseconds(200) });
        await using var client = await host.ConnectAsync();

        for (var i = 0; i < 400; i++)
        {
            await client.SendAsync($$$"""["1","{{{i}}}","realtime:","phx_join",{"config":{}}]""");
        }

        var refs = new HashSet<string>();
        for (var i = 0; i < 400; i++)
        {
            refs.Add((await client.NextTextAsync()).Split('"')[3]);
        }

        Assert.Equal(400, refs.Count);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Hostile_bytes_hurt_only_their_own_connection()
    {
        await using var host = await SocketHost.StartAsync();
        await using var healthy = await host.ConnectAsync();
        await healthy.JoinAsync("realtime:lobby", """{"broadcast":{"self":true}}""");
        byte[][] seeds =
        [
            .. HostileSeeds.Select(Encoding.UTF8.GetBytes),
            Convert.FromHexString("0301010E0400013339" + "7265616C74696D653A6C6F626279" + "6D6F7665" + "7B7D"),
        ];
        var inputs = Gen.Select(Gen.Int[0, 5], Gen.Select(Gen.Int[0, 200], Gen.Byte).Array[0, 4], Gen.OneOf(Gen.Const<byte>(0x81), Gen.Const<byte>(0x82), Gen.Byte))
            .Array[5, 30].Array[40].Single();

        foreach (var input in inputs)
        {
            await using var hostile = await RawConnection.OpenAsync(host);
            foreach (var (seed, changes, first) in input)
            {
                var data = seeds[seed].ToArray();
                foreach (var (at, value) in changes)
                {
                    data[at % data.Length] = value;
                }

                try
                {
                    await hostile.SendFrameAsync(first, data);
                }
                catch (IOException)
                {
                    break; // closed for a malformed frame
                }
            }
        }

        await healthy.SendAsync("""["1","99","realtime:lobby","broadcast",{"still":"here"}]""");
        while (await healthy.NextAsync("the sentinel") is var (_, data) && !Encoding.UTF8.GetString(data).Contains("still", StringComparison.Ordinal))
        {
        }

        Assert.DoesNotContain(host.Logs.All, l => l.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
        await Wait.UntilAsync(() => host.Node.Hubs.SessionCount == 1, "the end of the hostile sessions", TestContext.Current.CancellationToken);
    }
}
