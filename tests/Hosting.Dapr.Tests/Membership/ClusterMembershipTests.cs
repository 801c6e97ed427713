using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Specification;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Dapr.Membership;
using Realtime.Protocol.Broadcasts;
using Realtime.Sidecar;
using Realtime.Testing;

namespace Realtime.Hosting.Dapr.Tests.Membership;

/// <summary>Processes among failures of sidecars, broker and state store.</summary>
public sealed class ClusterMembershipTests : IAsyncLifetime
{
    private static readonly TenantId Acme = new("acme");
    private static readonly NodeId Sender = new("sender");
    private static readonly NodeId Receiver = new("receiver");

    private readonly StandInCluster _cluster = TestNode.NewCluster();
    private readonly List<TestNode> _nodes = [];
    private readonly RecordingSink _received = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_process_without_a_sidecar_says_what_is_missing_and_joins_when_it_comes()
    {
        var node = await StartAsync(withSidecar: false);
        await Wait.UntilAsync(() => node.Readiness.Missing.Any(part => part.StartsWith("state store: Unavailable", StringComparison.Ordinal)),
            "the reason", TestContext.Current.CancellationToken);

        await node.Sidecar.StartAsync();

        await node.ReadyAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_receivers_sidecar_that_ends_loses_nothing_that_was_published_meanwhile(bool isKilled)
    {
        var (sender, receiver) = await StartPairAsync();

        await (isKilled ? receiver.Sidecar.KillAsync() : receiver.Sidecar.StopAsync());
        await Wait.UntilAsync(() => !receiver.Readiness.IsReady, "the loss", TestContext.Current.CancellationToken);
        Publish(sender, "meanwhile");
        await receiver.Sidecar.StartAsync();
        await receiver.ReadyAsync();
        Publish(sender, "after");

        Assert.Equal(("meanwhile", "after"), (await NextAsync(), await NextAsync()));
    }

    [Fact]
    public async Task A_senders_sidecar_that_dies_loses_nothing_that_waits()
    {
        var (sender, _) = await StartPairAsync();

        await sender.Sidecar.KillAsync();
        Publish(sender, "one");
        Publish(sender, "two");
        await sender.Sidecar.StartAsync();

        Assert.Equal(("one", "two"), (await NextAsync(), await NextAsync()));
    }

    [Fact]
    public async Task A_publication_that_failed_and_arrived_all_the_same_is_delivered_once()
    {
        var (sender, receiver) = await StartPairAsync();

        _cluster.Broker.LosesAnswers = true;
        Publish(sender, "one");
        Assert.Equal("one", await NextAsync());
        await Wait.UntilAsync(() => receiver.CountOf("realtime.bus.envelopes.ignored duplicate") > 0, "a repetition", TestContext.Current.CancellationToken);
        _cluster.Broker.LosesAnswers = false;
        Publish(sender, "two");

        Assert.Equal("two", await NextAsync());
    }

    [Fact]
    public async Task A_broker_outage_delays_messages()
    {
        var (sender, _) = await StartPairAsync();

        _cluster.Broker.IsDown = true;
        Publish(sender, "one");
        Publish(sender, "two");
        _cluster.Broker.IsDown = false;

        Assert.Equal(("one", "two"), (await NextAsync(), await NextAsync()));
    }

    [Fact]
    public async Task A_stream_on_which_nothing_arrives_is_opened_anew()
    {
        var node = await StartAsync();
        await node.ReadyAsync();

        _cluster.Broker.DeliversNothing = true;
        await Wait.UntilAsync(() => !node.Readiness.IsReady, "the suspicion", TestContext.Current.CancellationToken);
        _cluster.Broker.DeliversNothing = false;

        await node.ReadyAsync();
    }

    [Fact]
    public async Task Rubbish_in_the_inbox_and_in_the_store_is_ignored()
    {
        _cluster.States.Put(NodeRecord.KeyOf(0), "[not a record"u8.ToArray());
        _cluster.States.Put(NodeRecord.KeyOf(1), """{"process":"7b0f7c7e-6f5b-4b0e-9f7b-0c6f0a1b2c3d","isReady":true,"users":null}"""u8.ToArray());
        var (sender, receiver) = await StartPairAsync();

        for (var slot = 0; slot < 8; slot++)
        {
            await _cluster.Broker.PublishAsync(DaprNames.InboxTopic(slot), [1, 2, 3], isRaw: true, TestContext.Current.CancellationToken);
            await _cluster.Broker.PublishAsync(DaprNames.InboxTopic(slot), [], isRaw: false, TestContext.Current.CancellationToken);
        }

        Publish(sender, "good");

        Assert.Equal("good", await NextAsync());
        Assert.Equal(2, receiver.CountOf("realtime.bus.envelopes.ignored malformed"));
    }

    [Fact]
    public async Task A_process_that_ends_is_gone_at_once_and_its_slot_is_free()
    {
        var (sender, receiver) = await StartPairAsync();

        await receiver.StopAsync();

        await Wait.UntilAsync(() => !sender.Directory.Peers.Any() && sender.Directory.CountUsers(Acme) == 0, "the departure", TestContext.Current.CancellationToken);
        Assert.Single(_cluster.States.Snapshot());
    }

    [Fact]
    public async Task A_process_that_stops_renewing_is_gone_after_the_lease()
    {
        var sender = await StartAsync(lease: TimeSpan.FromSeconds(2));
        var receiver = await StartAsync(lease: TimeSpan.FromSeconds(2));
        await sender.KnowsAsync(receiver);

        await receiver.Sidecar.KillAsync();

        await Wait.UntilAsync(() => !sender.Directory.Peers.Any(), "the end of the lease", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_store_that_forgot_everything_is_filled_again()
    {
        var (sender, receiver) = await StartPairAsync();

        _cluster.States.Clear();
        await Wait.UntilAsync(() => _cluster.States.Snapshot().Count == 2, "both records", TestContext.Current.CancellationToken);

        await sender.KnowsHostAsync(receiver, Acme);
    }

    [Fact]
    public async Task A_process_that_was_lost_from_sight_hears_again_when_it_is_seen_again()
    {
        var (sender, receiver) = await StartPairAsync();
        Publish(sender, "before");
        Assert.Equal("before", await NextAsync());

        sender.Directory.Remove(receiver.Process);
        await sender.KnowsHostAsync(receiver, Acme);
        Publish(sender, "after");

        Assert.Equal("after", await NextAsync());
    }

    [Fact]
    public async Task A_store_that_cannot_be_asked_takes_nobody_away()
    {
        var (sender, receiver) = await StartPairAsync();

        _cluster.States.IsDown = true;
        await Wait.UntilAsync(() => !sender.Readiness.IsReady && !receiver.Readiness.IsReady, "the loss", TestContext.Current.CancellationToken);
        Publish(sender, "one");

        Assert.Equal("one", await NextAsync());
    }

    [Fact]
    public async Task A_process_that_lost_its_slot_takes_another()
    {
        var (sender, receiver) = await StartPairAsync();
        var (key, record) = _cluster.States.Snapshot()
            .First(pair => NodeRecord.Read(pair.Value)!.Process == receiver.Process);

        _cluster.States.Put(key, (NodeRecord.Read(record)! with { Process = Guid.NewGuid() }).ToJson());
        await Wait.UntilAsync(
            () => sender.Directory.Peers.Any(peer => peer.Process == receiver.Process && NodeRecord.KeyOf(peer.Slot) != key),
            "another slot", TestContext.Current.CancellationToken);
        Publish(sender, "one");

        Assert.Equal("one", await NextAsync());
    }

    [Fact]
    public async Task Processes_that_start_together_share_the_slots()
    {
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestNode.StartAsync(_cluster, slots: 4)));
        _nodes.AddRange(nodes);

        foreach (var node in nodes)
        {
            await node.ReadyAsync();
        }

        Assert.Equal(4, _cluster.States.Snapshot().Values.Select(value => NodeRecord.Read(value)!.Process).Distinct().Count());
    }

    [Fact]
    public async Task A_process_too_many_says_so_and_waits_for_a_slot()
    {
        var first = await StartAsync(slots: 1);
        await first.ReadyAsync();
        var second = await StartAsync(slots: 1);
        await Wait.UntilAsync(() => second.Readiness.Missing.Any(part => part.Contains("raise CLUSTER_SLOTS", StringComparison.Ordinal)),
            "the reason", TestContext.Current.CancellationToken);

        await first.StopAsync();

        await second.ReadyAsync();
    }

    private async Task<TestNode> StartAsync(bool withSidecar = true, TimeSpan? lease = null, int slots = 8)
    {
        var node = await TestNode.StartAsync(_cluster, withSidecar, lease, slots);
        _nodes.Add(node);
        return node;
    }

    private async Task<(TestNode Sender, TestNode Receiver)> StartPairAsync()
    {
        var (sender, receiver) = (await StartAsync(), await StartAsync());
        receiver.Bus.Subscribe(Receiver, _received);
        await sender.ReadyAsync();
        await receiver.ReadyAsync();
        receiver.Directory.ReportUsers(Receiver, Acme, 1);
        await sender.KnowsHostAsync(receiver, Acme);
        await receiver.KnowsAsync(sender);
        return (sender, receiver);
    }

    private static void Publish(TestNode node, string text) => node.Bus.Publish(Sender, new BroadcastPublished(
        Acme,
        new ChannelKey("room", false),
        new BroadcastMessage { Body = BroadcastBody.Binary, Topic = "realtime:room"u8.ToArray(), Payload = Encoding.UTF8.GetBytes(text) }));

    private async Task<string> NextAsync() =>
        Encoding.UTF8.GetString(Assert.IsType<BroadcastPublished>(await _received.NextAsync()).Message.Payload.Span);
}
