using Realtime.Testing;

namespace Realtime.Socket.Tests.Presence;

public sealed class PresenceTests
{
    private readonly RefNames _refs = new();

    [Fact]
    public async Task Three_clients_of_both_versions_see_each_other_come_change_and_go()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await using var bob = await host.ConnectAsync("1.0.0");
        await using var carol = await host.ConnectAsync();

        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("""{"name":"Alice"}""");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"name":"Alice","phx_ref":"#1"}]}}""", "{}");

        await bob.SendAsync("""{"topic":"realtime:lobby","event":"phx_join","payload":{"config":{"presence":{"enabled":"TRUE","key":7}}},"ref":"1","join_ref":"1"}""");
        await bob.ExpectAsync("""{"topic":"realtime:lobby","event":"phx_reply","payload":{"status":"ok","response":{"postgres_changes":[]}},"ref":"1"}""");
        await bob.ExpectAsync(_refs, """{"topic":"realtime:lobby","event":"presence_state","payload":{"alice":{"metas":[{"name":"Alice","phx_ref":"#1"}]}},"ref":null}""");
        await bob.SendAsync("""{"topic":"realtime:lobby","event":"presence","payload":{"event":"TRACK"},"ref":"2"}""");
        await bob.ExpectAsync("""{"topic":"realtime:lobby","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":"2"}""");
        await bob.ExpectAsync(_refs, """{"topic":"realtime:lobby","event":"presence_diff","payload":{"joins":{"7":{"metas":[{"phx_ref":"#2"}]}},"leaves":{}},"ref":null}""");
        await alice.ExpectDiffAsync(_refs, """{"7":{"metas":[{"phx_ref":"#2"}]}}""", "{}");

        await carol.JoinPresenceAsync(_refs, "carol", """{"alice":{"metas":[{"name":"Alice","phx_ref":"#1"}]},"7":{"metas":[{"phx_ref":"#2"}]}}""");
        await alice.TrackAsync("""{"name":"Al"}""");
        const string Change = """{"alice":{"metas":[{"name":"Al","phx_ref":"#3","phx_ref_prev":"#1"}]}}""";
        const string Former = """{"alice":{"metas":[{"name":"Alice","phx_ref":"#1"}]}}""";
        await alice.ExpectDiffAsync(_refs, Change, Former);
        await carol.ExpectDiffAsync(_refs, Change, Former);
        await bob.ExpectAsync(_refs, $$$"""{"topic":"realtime:lobby","event":"presence_diff","payload":{"joins":{{{Change}}},"leaves":{{{Former}}}},"ref":null}""");

        await alice.UntrackAsync();
        const string Gone = """{"alice":{"metas":[{"name":"Al","phx_ref":"#3","phx_ref_prev":"#1"}]}}""";
        await alice.ExpectDiffAsync(_refs, "{}", Gone);
        await carol.ExpectDiffAsync(_refs, "{}", Gone);
        await bob.ExpectAsync(_refs, $$$"""{"topic":"realtime:lobby","event":"presence_diff","payload":{"joins":{},"leaves":{{{Gone}}}},"ref":null}""");
    }

    [Fact]
    public async Task The_state_names_a_changed_meta_in_its_place_with_the_reference_it_has_in_diffs()
    {
        await using var host = await SocketHost.StartAsync();
        await using var one = await host.ConnectAsync();
        await using var two = await host.ConnectAsync();
        await using var late = await host.ConnectAsync();
        await one.JoinPresenceAsync(_refs, "alice");
        await one.TrackAsync("""{"tab":1}""");
        await one.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"tab":1,"phx_ref":"#1"}]}}""", "{}");
        await two.JoinPresenceAsync(_refs, "alice", """{"alice":{"metas":[{"tab":1,"phx_ref":"#1"}]}}""");
        await two.TrackAsync("""{"tab":2}""");
        await one.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"tab":2,"phx_ref":"#2"}]}}""", "{}");
        await one.TrackAsync("""{"tab":"one"}""");
        await one.ExpectDiffAsync(
            _refs, """{"alice":{"metas":[{"tab":"one","phx_ref":"#3","phx_ref_prev":"#1"}]}}""", """{"alice":{"metas":[{"tab":1,"phx_ref":"#1"}]}}""");

        await late.JoinPresenceAsync(
            _refs, "late", """{"alice":{"metas":[{"tab":"one","phx_ref":"#3","phx_ref_prev":"#1"},{"tab":2,"phx_ref":"#2"}]}}""");

        await one.SendAsync("""["1","9","realtime:lobby","phx_leave",{}]""");
        await late.ExpectDiffAsync(_refs, "{}", """{"alice":{"metas":[{"tab":"one","phx_ref":"#3","phx_ref_prev":"#1"}]}}""");
    }

    [Fact]
    public async Task Tracking_an_equal_value_again_says_nothing()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("""{"a":1,"b":[2]}""");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"a":1,"b":[2],"phx_ref":"#1"}]}}""", "{}");

        await alice.TrackAsync("""{ "b" : [2.0], "a" : 1 }""");
        await alice.TrackAsync("""{"a":1,"b":[2],"phx_ref":"x","phx_ref_prev":"y"}""");
        await alice.UntrackAsync();

        await alice.ExpectDiffAsync(_refs, "{}", """{"alice":{"metas":[{"a":1,"b":[2],"phx_ref":"#1"}]}}""");
    }

    [Fact]
    public async Task A_public_channel_that_did_not_enable_presence_gets_diffs_but_never_a_state()
    {
        await using var host = await SocketHost.StartAsync();
        await using var quiet = await host.ConnectAsync();
        await using var alice = await host.ConnectAsync();
        await quiet.JoinAsync("realtime:lobby");
        await alice.JoinPresenceAsync(_refs, "alice");

        await alice.TrackAsync("{}");
        await quiet.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");

        await quiet.TrackAsync("""{"q":1}""");
        await quiet.NextTextAsync("its own diff");
        await quiet.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_tenant_can_enable_presence_for_all()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { PresenceEnabled = true });
        await using var client = await host.ConnectAsync();

        await client.JoinAsync("realtime:lobby", """{"presence":{"enabled":false}}""");

        await client.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");
    }

    [Fact]
    public async Task A_join_without_join_ref_gets_its_state_with_its_ref()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync($$"""[null,"5","realtime:lobby","phx_join",{"config":{{PresenceClient.Enabled}}}]""");

        await client.ExpectAsync("""[null,"5","realtime:lobby","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""");
        await client.ExpectAsync("""["5",null,"realtime:lobby","presence_state",{}]""");
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public async Task Without_a_key_each_join_gets_one_of_its_own(string key)
    {
        await using var host = await SocketHost.StartAsync();
        await using var one = await host.ConnectAsync();
        await using var two = await host.ConnectAsync();
        await one.JoinAsync("realtime:lobby", PresenceClient.EnabledAs(key));
        await one.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");
        await two.JoinAsync("realtime:lobby", PresenceClient.EnabledAs(key));
        await two.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");

        await one.TrackAsync("{}");
        var first = KeyOf(await one.NextTextAsync());
        await two.NextTextAsync("the diff");
        await two.TrackAsync("{}");
        var second = KeyOf(await one.NextTextAsync());

        Assert.True(Guid.TryParseExact(first, "D", out _));
        Assert.True(Guid.TryParseExact(second, "D", out _));
        Assert.NotEqual(first, second);

        static string KeyOf(string diff) => diff.Split("\"joins\":{\"")[1].Split('"')[0];
    }

    [Theory]
    [InlineData("{}", """{"status":"ok","response":{}}""")]
    [InlineData("5", """{"status":"ok","response":{}}""")]
    [InlineData("""{"type":"presence","payload":{}}""", """{"status":"ok","response":{}}""")]
    [InlineData("""{"event":"untrack"}""", """{"status":"ok","response":{}}""")]
    [InlineData("""{"event":"heartbeat"}""", """{"status":"error","response":{}}""")]
    [InlineData("""{"event":" track"}""", """{"status":"error","response":{}}""")]
    [InlineData("""{"event":null}""", """{"status":"error","response":{}}""")]
    [InlineData("""{"event":"track","payload":{"phx_ref\ud800":1}}""", """{"status":"error","response":{}}""")]
    [InlineData("""{"event":"track","payload":"x"}""", """{"status":"error","response":{"reason":"Presence track payload must be a map"}}""")]
    [InlineData("""{"event":"track","payload":null}""", """{"status":"error","response":{"reason":"Presence track payload must be a map"}}""")]
    public async Task Messages_without_effect_get_their_reply(string payload, string reply)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinPresenceAsync(_refs, "alice");

        await client.SendPresenceAsync(payload);

        await client.ExpectAsync($$"""["1","2","realtime:lobby","phx_reply",{{reply}}]""");
        await client.ExpectNothingAsync();
        Assert.Empty((await host.Presences.ReadAsync(
            new(new("acme"), new("lobby", IsPrivate: false)), TestContext.Current.CancellationToken)).Nodes);
    }

    [Fact]
    public async Task One_who_leaves_is_gone_for_the_others_and_hears_nothing_of_it()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await using var bob = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("{}");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        await bob.JoinPresenceAsync(_refs, "bob", """{"alice":{"metas":[{"phx_ref":"#1"}]}}""");

        await alice.SendAsync("""["1","9","realtime:lobby","phx_leave",{}]""");

        await bob.ExpectDiffAsync(_refs, "{}", """{"alice":{"metas":[{"phx_ref":"#1"}]}}""");
        await alice.ExpectAsync("""["1","9","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
        await alice.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        await alice.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_client_that_vanishes_without_a_close_frame_is_gone_for_the_others()
    {
        await using var host = await SocketHost.StartAsync();
        var alice = await host.ConnectAsync();
        await using var bob = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("{}");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        await bob.JoinPresenceAsync(_refs, "bob", """{"alice":{"metas":[{"phx_ref":"#1"}]}}""");

        await alice.DisposeAsync();

        await bob.ExpectDiffAsync(_refs, "{}", """{"alice":{"metas":[{"phx_ref":"#1"}]}}""");
    }

    [Fact]
    public async Task Joining_again_drops_what_the_former_channel_tracked()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await using var bob = await host.ConnectAsync();
        await bob.JoinPresenceAsync(_refs, "bob");
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("{}");
        await bob.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");

        await alice.SendAsync($$"""["2","2","realtime:lobby","phx_join",{"config":{{PresenceClient.EnabledAs("alice")}}}]""");

        await bob.ExpectDiffAsync(_refs, "{}", """{"alice":{"metas":[{"phx_ref":"#1"}]}}""");
    }

    [Fact]
    public async Task A_channel_that_is_shut_down_is_gone_for_the_others()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await using var bob = await host.ConnectAsync();
        await bob.JoinPresenceAsync(_refs, "bob");
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("{}");
        await bob.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");

        await alice.SendAsync("""["1","3","realtime:lobby","access_token",{"access_token":"rubbish"}]""");

        await bob.ExpectDiffAsync(_refs, "{}", """{"alice":{"metas":[{"phx_ref":"#1"}]}}""");
    }

    [Fact]
    public async Task Tenants_and_topics_do_not_see_each_other()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await using var other = await host.ConnectAsync(tenant: "globex");
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.JoinAsync("realtime:Lobby", PresenceClient.Enabled);
        await alice.ExpectAsync("""["1",null,"realtime:Lobby","presence_state",{}]""");
        await alice.TrackAsync("{}");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");

        await other.JoinPresenceAsync(_refs, "other");

        await alice.ExpectNothingAsync();
        await other.ExpectNothingAsync();
    }

    [Fact]
    public async Task Topics_whose_channels_have_left_are_forgotten()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("{}");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        Assert.Single(host.Node.TopicPresences.All);

        await alice.SendAsync("""["1","9","realtime:lobby","phx_leave",{}]""");

        await Wait.UntilAsync(() => host.Node.TopicPresences.All.Count == 0, "the end of the topic", TestContext.Current.CancellationToken);
        Assert.Empty((await host.Presences.ReadAsync(
            new(new("acme"), new("lobby", IsPrivate: false)), TestContext.Current.CancellationToken)).Nodes);
    }
}
