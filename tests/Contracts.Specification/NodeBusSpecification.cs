using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Protocol;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Contracts.Specification;

/// <summary>What every <see cref="INodeBus"/> promises.</summary>
public abstract class NodeBusSpecification
{
    private static readonly TenantId Acme = new("acme");

    private readonly NodeId _a = NodeId.New("a");
    private readonly NodeId _b = NodeId.New("b");
    private readonly NodeId _c = NodeId.New("c");

    /// <summary>The bus as a node sees it, ready to use. Adapters within one process return the same object for all nodes.</summary>
    protected abstract ValueTask<INodeBus> BusOfAsync(NodeId node);

    /// <summary>Makes the other nodes know that a node hosts a tenant; not needed where messages go to all nodes.</summary>
    protected virtual ValueTask HostAsync(NodeId node, TenantId tenant) => ValueTask.CompletedTask;

    [Fact]
    public async Task A_message_reaches_every_other_node()
    {
        var (bus, b, c) = (await BusOfAsync(_a), new RecordingSink(), new RecordingSink());
        using var subscriptionB = await SubscribeAsync(_b, b);
        using var subscriptionC = await SubscribeAsync(_c, c);

        bus.Publish(_a, Message("one"));

        Assert.Equal("one", TextOf(await b.NextAsync()));
        Assert.Equal("one", TextOf(await c.NextAsync()));
    }

    [Fact]
    public async Task A_message_does_not_come_back_to_its_origin()
    {
        var (busA, busB, a) = (await BusOfAsync(_a), await BusOfAsync(_b), new RecordingSink());
        using var subscription = await SubscribeAsync(_a, a);

        busA.Publish(_a, Message("own"));
        busB.Publish(_b, Message("other"));

        Assert.Equal("other", TextOf(await a.NextAsync()));
    }

    [Fact]
    public async Task Messages_of_one_origin_arrive_in_order()
    {
        var (bus, b) = (await BusOfAsync(_a), new RecordingSink());
        using var subscription = await SubscribeAsync(_b, b);

        for (var i = 0; i < 500; i++)
        {
            bus.Publish(_a, Message($"{i}"));
        }

        for (var i = 0; i < 500; i++)
        {
            Assert.Equal($"{i}", TextOf(await b.NextAsync()));
        }
    }

    [Fact]
    public async Task A_message_arrives_as_it_was_published()
    {
        var (bus, b) = (await BusOfAsync(_a), new RecordingSink());
        using var subscription = await SubscribeAsync(_b, b);
        var sent = new BroadcastMessage
        {
            Body = BroadcastBody.Json,
            Topic = "realtime:röm"u8.ToArray(),
            UserEvent = "tick"u8.ToArray(),
            Metadata = """{"id":"7"}"""u8.ToArray(),
            Payload = """{"n": 1}"""u8.ToArray(),
            StoredId = "7",
        };

        bus.Publish(_a, new BroadcastPublished(Acme, new ChannelKey("röm", IsPrivate: true), sent));

        var received = Assert.IsType<BroadcastPublished>(await b.NextAsync());
        Assert.Equal((Acme, new ChannelKey("röm", true), "7"), (received.Tenant, received.Channel, received.Message.StoredId));
        Assert.Equal(sent.FrameFor(ProtocolVersion.V1), received.Message.FrameFor(ProtocolVersion.V1));
        Assert.Equal(sent.FrameFor(ProtocolVersion.V2), received.Message.FrameFor(ProtocolVersion.V2));
    }

    [Fact]
    public async Task A_change_of_a_tenant_reaches_nodes_that_do_not_host_it()
    {
        var (bus, b) = (await BusOfAsync(_a), new RecordingSink());
        using var subscription = await SubscribeAsync(_b, b);

        bus.Publish(_a, new TenantChanged(new TenantId("globex"), TenantChanges.Disconnect | TenantChanges.RestartDatabase));

        var received = Assert.IsType<TenantChanged>(await b.NextAsync());
        Assert.Equal(
            new TenantChanged(new TenantId("globex"), TenantChanges.Disconnect | TenantChanges.RestartDatabase), received);
    }

    [Fact]
    public async Task A_disposed_subscription_gets_nothing_more()
    {
        var (bus, gone, stays) = (await BusOfAsync(_a), new RecordingSink(), new RecordingSink());
        var subscription = await SubscribeAsync(_b, gone);
        using var other = await SubscribeAsync(_b, stays);

        subscription.Dispose();
        subscription.Dispose();
        bus.Publish(_a, Message("late"));

        Assert.Equal("late", TextOf(await stays.NextAsync()));
        Assert.Equal(0, gone.Count);
    }

    [Fact]
    public async Task A_sink_that_throws_takes_nothing_from_the_others()
    {
        var (bus, healthy) = (await BusOfAsync(_a), new RecordingSink());
        using var failing = await SubscribeAsync(_b, new FailingSink());
        using var subscription = await SubscribeAsync(_b, healthy);

        bus.Publish(_a, Message("one"));
        bus.Publish(_a, Message("two"));

        Assert.Equal("one", TextOf(await healthy.NextAsync()));
        Assert.Equal("two", TextOf(await healthy.NextAsync()));
    }

    private async ValueTask<IDisposable> SubscribeAsync(NodeId node, INodeSink sink)
    {
        var subscription = (await BusOfAsync(node)).Subscribe(node, sink);
        await HostAsync(node, Acme);
        return subscription;
    }

    private static BroadcastPublished Message(string text) => new(Acme, new ChannelKey("room", false), new BroadcastMessage
    {
        Body = BroadcastBody.Binary,
        Topic = "realtime:room"u8.ToArray(),
        Payload = Encoding.UTF8.GetBytes(text),
    });

    private static string TextOf(NodeMessage message) => Encoding.UTF8.GetString(Assert.IsType<BroadcastPublished>(message).Message.Payload.Span);

    private sealed class FailingSink : INodeSink
    {
        public void Receive(NodeMessage message) => throw new InvalidOperationException("A sink that breaks its promise.");
    }
}
