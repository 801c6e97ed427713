using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Presence;

namespace Realtime.Contracts.Specification;

/// <summary>What every <see cref="IPresenceDirectory"/> promises.</summary>
public abstract class PresenceDirectorySpecification
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly PresenceTopic Room = new(new TenantId("acme"), new ChannelKey("röm", IsPrivate: false));

    private readonly NodeId _a = NodeId.New("a");
    private readonly NodeId _b = NodeId.New("b");

    /// <summary>The directory as a node sees it. Adapters within one process return the same object for all nodes.</summary>
    protected abstract ValueTask<IPresenceDirectory> DirectoryOfAsync(NodeId node);

    /// <summary>The bus that a node listens on, ready to use.</summary>
    protected abstract ValueTask<INodeBus> BusOfAsync(NodeId node);

    /// <summary>Lets time pass for the directory; longer than a topic that just started needs to hear of all nodes.</summary>
    protected abstract ValueTask PassAsync(TimeSpan time);

    /// <summary>Makes the other nodes know that a node hosts a tenant; not needed where messages go to all nodes.</summary>
    protected virtual ValueTask HostAsync(NodeId node, TenantId tenant) => ValueTask.CompletedTask;

    [Fact]
    public async Task A_topic_nobody_is_on_is_empty()
    {
        var directory = await DirectoryOfAsync(_a);

        var snapshot = await directory.ReadAsync(Room, TestContext.Current.CancellationToken);

        Assert.Empty(snapshot.Nodes);
    }

    [Fact]
    public async Task Members_of_all_nodes_are_read_with_what_they_track()
    {
        var (a, b) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b));
        var first = Meta("alice", """{"näme": "A"}""");
        var (alice, bob) = (first.ReplacedBy(first.Payload), Meta("bob"));

        a.Publish(_a, Room, PresenceDiff.Joined(alice));
        b.Publish(_b, Room, PresenceDiff.Joined(bob));

        await MembersBecomeAsync(a, alice, bob);
        var snapshot = await b.ReadAsync(Room, TestContext.Current.CancellationToken);
        var read = Assert.Single(Assert.Single(snapshot.Nodes, members => members.Node == _a).Metas);
        Assert.Equal((alice.Key, alice.Ref, alice.PreviousRef), (read.Key, read.Ref, read.PreviousRef));
        Assert.Equal(alice.Payload.Members.ToArray(), read.Payload.Members.ToArray());
    }

    [Fact]
    public async Task Changes_of_one_node_apply_in_their_order()
    {
        var a = await DirectoryOfAsync(_a);
        var current = Meta("alice");
        a.Publish(_a, Room, PresenceDiff.Joined(current));
        for (var i = 0; i < 200; i++)
        {
            var next = current.ReplacedBy(current.Payload);
            a.Publish(_a, Room, new PresenceDiff([next], [current]));
            current = next;
        }

        await MembersBecomeAsync(a, current);
    }

    [Fact]
    public async Task Topics_are_apart_by_tenant_name_and_privacy()
    {
        var a = await DirectoryOfAsync(_a);
        var meta = Meta("alice");

        a.Publish(_a, Room, PresenceDiff.Joined(meta));

        await MembersBecomeAsync(a, meta);
        foreach (var other in (PresenceTopic[])
        [
            Room with { Tenant = new TenantId("globex") },
            Room with { Channel = Room.Channel with { IsPrivate = true } },
            Room with { Channel = Room.Channel with { SubTopic = "Röm" } },
        ])
        {
            Assert.Empty((await a.ReadAsync(other, TestContext.Current.CancellationToken)).Nodes);
        }
    }

    [Fact]
    public async Task Other_nodes_hear_of_a_change()
    {
        var (a, sink) = (await DirectoryOfAsync(_a), new RecordingSink());
        using var subscription = await SubscribeAsync(_b, sink);
        var (alice, bob) = (Meta("alice"), Meta("bob"));

        a.Publish(_a, Room, new PresenceDiff([alice, bob], []));
        a.Publish(_a, Room, PresenceDiff.Left(alice));

        var joined = await NextAsync(sink);
        var left = await NextAsync(sink);
        Assert.Equal((Room.Tenant, Room.Channel, _a), (joined.Tenant, joined.Channel, joined.Node));
        Assert.Equal([alice.Ref, bob.Ref], joined.Diff.Joins.Select(meta => meta.Ref));
        Assert.Equal([alice.Ref], left.Diff.Leaves.Select(meta => meta.Ref));
    }

    [Fact]
    public async Task What_is_known_already_is_not_announced()
    {
        var (a, sink) = (await DirectoryOfAsync(_a), new RecordingSink());
        using var subscription = await SubscribeAsync(_b, sink);
        var (alice, bob) = (Meta("alice"), Meta("bob"));

        a.Publish(_a, Room, PresenceDiff.Joined(alice));
        a.Publish(_a, Room, PresenceDiff.Joined(alice));
        a.Publish(_a, Room, PresenceDiff.Left(bob));
        a.Replace(_a, Room, [alice]);
        a.Publish(_a, Room, PresenceDiff.Joined(bob));

        Assert.Equal(alice.Ref, Assert.Single((await NextAsync(sink)).Diff.Joins).Ref);
        Assert.Equal(bob.Ref, Assert.Single((await NextAsync(sink)).Diff.Joins).Ref);
    }

    [Fact]
    public async Task Replacing_a_nodes_members_announces_the_difference_and_leaves_other_nodes_alone()
    {
        var (a, b, sink) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b), new RecordingSink());
        var (alice, bob, carol, dave) = (Meta("alice"), Meta("bob"), Meta("carol"), Meta("dave"));
        a.Publish(_a, Room, new PresenceDiff([alice, bob], []));
        b.Publish(_b, Room, PresenceDiff.Joined(dave));
        await MembersBecomeAsync(a, alice, bob, dave);
        using var subscription = await SubscribeAsync(_b, sink);

        a.Replace(_a, Room, [bob, carol]);

        var changed = await NextAsync(sink);
        Assert.Equal([carol.Ref], changed.Diff.Joins.Select(meta => meta.Ref));
        Assert.Equal([alice.Ref], changed.Diff.Leaves.Select(meta => meta.Ref));
        await MembersBecomeAsync(b, bob, carol, dave);
    }

    [Fact]
    public async Task Renewing_what_the_directory_knows_finds_nothing()
    {
        var (a, b) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b));
        var (alice, bob) = (Meta("alice"), Meta("bob"));
        a.Publish(_a, Room, PresenceDiff.Joined(alice));
        b.Publish(_b, Room, PresenceDiff.Joined(bob));
        await MembersBecomeAsync(a, alice, bob);

        Assert.Empty(await a.RenewAsync(_a, [Renewal([alice], [bob])], TestContext.Current.CancellationToken));
        Assert.Empty(await b.RenewAsync(_b, [Renewal([bob], [alice])], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Renewing_finds_own_members_that_got_lost()
    {
        var a = await DirectoryOfAsync(_a);
        var meta = Meta("alice");

        var mismatch = Assert.Single(await a.RenewAsync(_a, [Renewal([meta], [])], TestContext.Current.CancellationToken));

        Assert.Equal((Room, true), (mismatch.Topic, mismatch.Own));
    }

    [Fact]
    public async Task Renewing_finds_members_of_others_that_a_node_missed()
    {
        var (a, b) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b));
        var meta = Meta("alice");
        a.Publish(_a, Room, PresenceDiff.Joined(meta));
        await MembersBecomeAsync(b, meta);
        await PassAsync(IPresenceDirectory.RenewalInterval);
        await a.RenewAsync(_a, [Renewal([meta], [])], TestContext.Current.CancellationToken);
        await PassAsync(IPresenceDirectory.RenewalInterval);

        var mismatch = Assert.Single(await b.RenewAsync(_b, [Renewal([], [])], TestContext.Current.CancellationToken));

        Assert.Equal(new PresenceMismatch(Room, Own: false, All: true), mismatch);
    }

    [Fact]
    public async Task A_node_that_does_not_renew_loses_its_members_and_others_hear_of_it()
    {
        var (a, b, sink) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b), new RecordingSink());
        var (alice, bob) = (Meta("alice"), Meta("bob"));
        a.Publish(_a, Room, PresenceDiff.Joined(alice));
        b.Publish(_b, Room, PresenceDiff.Joined(bob));
        await MembersBecomeAsync(b, alice, bob);
        using var subscription = await SubscribeAsync(_b, sink);

        for (var passed = TimeSpan.Zero; passed <= IPresenceDirectory.Lifetime; passed += IPresenceDirectory.RenewalInterval)
        {
            await PassAsync(IPresenceDirectory.RenewalInterval);
            await b.RenewAsync(_b, [Renewal([bob], [alice])], TestContext.Current.CancellationToken);
        }

        var changed = await NextAsync(sink);
        Assert.Equal(_a, changed.Node);
        Assert.Equal([alice.Ref], changed.Diff.Leaves.Select(meta => meta.Ref));
        await MembersBecomeAsync(b, bob);
    }

    [Fact]
    public async Task A_node_that_was_given_up_comes_back()
    {
        var (a, b) = (await DirectoryOfAsync(_a), await DirectoryOfAsync(_b));
        var alice = Meta("alice");
        a.Publish(_a, Room, PresenceDiff.Joined(alice));
        await MembersBecomeAsync(b, alice);
        await PassAsync(2 * IPresenceDirectory.Lifetime);
        await b.RenewAsync(_b, [Renewal([], [alice])], TestContext.Current.CancellationToken);
        await MembersBecomeAsync(b);

        var mismatch = Assert.Single(await a.RenewAsync(_a, [Renewal([alice], [])], TestContext.Current.CancellationToken));
        a.Replace(_a, Room, [alice]);

        Assert.True(mismatch.Own);
        await MembersBecomeAsync(b, alice);
    }

    private async ValueTask<IDisposable> SubscribeAsync(NodeId node, INodeSink sink)
    {
        var subscription = (await BusOfAsync(node)).Subscribe(node, sink);
        await HostAsync(node, Room.Tenant);
        return subscription;
    }

    private static async Task<PresenceChanged> NextAsync(RecordingSink sink) => Assert.IsType<PresenceChanged>(await sink.NextAsync());

    private static PresenceRenewal Renewal(PresenceMeta[] own, PresenceMeta[] others) =>
        new(Room, DigestOf(own), DigestOf([.. own, .. others]));

    private static PresenceDigest DigestOf(PresenceMeta[] metas) =>
        metas.Aggregate(default(PresenceDigest), (digest, meta) => digest.With(meta.Ref));

    private static PresenceMeta Meta(string key, string json = "{}")
    {
        Assert.True(PresencePayload.TryCreate(System.Text.Encoding.UTF8.GetBytes(json), out var payload));
        return new PresenceMeta(key, payload, PresenceRef.New());
    }

    // Publishing does not wait, so there is nothing to wait for but the state itself.
    private static async Task MembersBecomeAsync(IPresenceDirectory directory, params PresenceMeta[] expected)
    {
        var refs = expected.Select(meta => meta.Ref).ToHashSet();
        var started = TimeProvider.System.GetTimestamp();
        var snapshot = await directory.ReadAsync(Room, TestContext.Current.CancellationToken);
        while (!refs.SetEquals(snapshot.Metas.Select(meta => meta.Ref)) && TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            snapshot = await directory.ReadAsync(Room, TestContext.Current.CancellationToken);
        }

        Assert.Equal(refs, snapshot.Metas.Select(meta => meta.Ref).ToHashSet());
    }
}
