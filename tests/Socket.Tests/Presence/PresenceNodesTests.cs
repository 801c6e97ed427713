using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Protocol.Presence;
using Realtime.Testing;

namespace Realtime.Socket.Tests.Presence;

/// <summary>Members of other nodes, and what heals when messages between nodes get lost.</summary>
public sealed class PresenceNodesTests
{
    private static readonly PresenceTopic Lobby = new(new("acme"), new("lobby", IsPrivate: false));

    private readonly RefNames _refs = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly PresenceMeta _zoe = new("zoe", PresencePayload.Empty, PresenceRef.New());

    [Fact]
    public async Task Members_of_another_node_are_in_the_state_and_in_diffs()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        host.Presences.Publish(SocketHost.OtherNode, Lobby, PresenceDiff.Joined(_zoe));

        await alice.JoinPresenceAsync(_refs, "alice", """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""");
        host.Presences.Publish(SocketHost.OtherNode, Lobby, PresenceDiff.Left(_zoe));

        await alice.ExpectDiffAsync(_refs, "{}", """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""");
    }

    [Fact]
    public async Task A_channel_without_presence_hears_of_other_nodes_too()
    {
        await using var host = await SocketHost.StartAsync();
        await using var quiet = await host.ConnectAsync();
        await quiet.JoinAsync("realtime:lobby");

        host.Presences.Publish(SocketHost.OtherNode, Lobby, PresenceDiff.Joined(_zoe));

        await quiet.ExpectDiffAsync(_refs, """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
    }

    [Fact]
    public async Task Members_of_this_node_are_told_to_the_directory()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");

        await alice.TrackAsync("""{"n":1}""");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"n":1,"phx_ref":"#1"}]}}""", "{}");
        await MembersBecomeAsync(host, "alice");
        await alice.UntrackAsync();

        await MembersBecomeAsync(host);
    }

    [Fact]
    public async Task A_member_that_the_directory_lost_is_told_again()
    {
        await using var host = await SocketHost.StartAsync(s => s with { IdleTimeout = TimeSpan.FromDays(1) }, time: _time);
        await using var alice = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        await alice.TrackAsync("{}");
        await MembersBecomeAsync(host, "alice");

        host.Presences.Replace(host.Node.Id, Lobby, []);
        using var passing = new Passing(_time);

        await MembersBecomeAsync(host, "alice");
        await alice.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        await alice.ExpectNothingAsync();
    }

    [Fact]
    public async Task Lost_news_of_another_node_are_made_up_for()
    {
        await using var host = await SocketHost.StartAsync(s => s with { IdleTimeout = TimeSpan.FromDays(1) }, time: _time);
        await using var alice = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        host.Presences.Publish(SocketHost.OtherNode, Lobby, PresenceDiff.Joined(_zoe));
        await alice.ExpectDiffAsync(_refs, """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        var ghost = new PresenceMeta("ghost", PresencePayload.Empty, PresenceRef.New());

        // As if the joining of Zoe had not been heard of, nor the leaving of the ghost.
        host.Bus.Publish(SocketHost.OtherNode, new PresenceChanged(
            Lobby.Tenant, Lobby.Channel, SocketHost.OtherNode, new PresenceDiff([ghost], [_zoe])));
        using var passing = new Passing(_time);

        await alice.ExpectDiffAsync(_refs, """{"ghost":{"metas":[{"phx_ref":"#2"}]}}""", """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""");
        await alice.ExpectDiffAsync(_refs, """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""", """{"ghost":{"metas":[{"phx_ref":"#2"}]}}""");
    }

    [Fact]
    public async Task News_that_come_twice_or_from_this_node_itself_are_not_passed_on()
    {
        await using var host = await SocketHost.StartAsync();
        await using var alice = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        var yan = new PresenceMeta("yan", PresencePayload.Empty, PresenceRef.New());

        host.Bus.Publish(SocketHost.OtherNode, new PresenceChanged(Lobby.Tenant, Lobby.Channel, host.Node.Id, PresenceDiff.Joined(yan)));
        host.Presences.Publish(SocketHost.OtherNode, Lobby, PresenceDiff.Joined(_zoe));
        await alice.ExpectDiffAsync(_refs, """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        host.Bus.Publish(SocketHost.OtherNode, new PresenceChanged(Lobby.Tenant, Lobby.Channel, SocketHost.OtherNode, PresenceDiff.Joined(_zoe)));
        host.Presences.Publish(SocketHost.OtherNode, Lobby, PresenceDiff.Left(_zoe));

        await alice.ExpectDiffAsync(_refs, "{}", """{"zoe":{"metas":[{"phx_ref":"#1"}]}}""");
    }

    private static Task MembersBecomeAsync(SocketHost host, params string[] keys)
    {
        return Wait.UntilAsync(() => Keys().SequenceEqual(keys), $"members {string.Join(',', keys)}", TestContext.Current.CancellationToken);

        IEnumerable<string> Keys()
        {
            var read = host.Presences.ReadAsync(Lobby, TestContext.Current.CancellationToken);
            Assert.True(read.IsCompletedSuccessfully, "A directory of one process answers at once.");
            return read.Result.Metas.Select(meta => meta.Key);
        }
    }
}
