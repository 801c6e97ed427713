using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Contracts.Tenants;
using Realtime.Presence.Directory;
using Realtime.Protocol.Presence;

namespace Realtime.Presence.Tests.Directory;

/// <summary>A directory that just started does not know who is missing and who has not spoken yet.</summary>
public sealed class TopicMembersTests
{
    private static readonly PresenceTopic Room = new(new TenantId("acme"), new ChannelKey("room", IsPrivate: false));

    private readonly NodeId _a = new("a");
    private readonly NodeId _b = new("b");
    private readonly PresenceMeta _alice = new("alice", PresencePayload.Empty, PresenceRef.New());
    private readonly PresenceMeta _bob = new("bob", PresencePayload.Empty, PresenceRef.New());

    [Fact]
    public void Before_all_nodes_have_spoken_nobody_is_told_that_others_are_gone()
    {
        var members = new TopicMembers(completeFrom: 100);
        var renewal = new PresenceRenewal(Room, default(PresenceDigest).With(_alice.Ref), default(PresenceDigest).With(_alice.Ref).With(_bob.Ref));

        var early = members.Renew(_a, renewal, now: 10);
        members.Replace(_a, [_alice], now: 20);
        var settled = members.Renew(_a, renewal, now: 30);

        Assert.Equal(new PresenceMismatch(Room, Own: true, All: false), early);
        Assert.Equal(new PresenceMismatch(Room, Own: false, All: false), settled);
        Assert.False(members.Read(now: 99).IsComplete);
    }

    [Fact]
    public void After_that_the_difference_counts()
    {
        var members = new TopicMembers(completeFrom: 100);
        members.Replace(_a, [_alice], now: 20);
        var renewal = new PresenceRenewal(Room, default(PresenceDigest).With(_alice.Ref), default(PresenceDigest).With(_alice.Ref).With(_bob.Ref));

        Assert.True(members.Renew(_a, renewal, now: 100).All);
        Assert.True(members.Read(now: 100).IsComplete);
    }

    [Fact]
    public void Publishing_does_not_renew_but_replacing_does()
    {
        var members = new TopicMembers(completeFrom: 0);
        members.Replace(_a, [_alice], now: 10);
        members.Replace(_b, [_bob], now: 10);
        members.Apply(_a, PresenceDiff.Joined(_bob with { Ref = PresenceRef.New() }), now: 50);
        members.Replace(_b, [_bob], now: 50);

        var removed = Assert.Single(members.RemoveSilent(before: 20));

        Assert.Equal(_a, removed.Node);
        Assert.Equal(2, removed.Metas.Count);
        Assert.Equal([_b], members.Read(now: 60).Nodes.Select(node => node.Node));
    }
}
