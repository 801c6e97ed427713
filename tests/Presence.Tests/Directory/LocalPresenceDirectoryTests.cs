using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Contracts.Specification;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.InProcess;
using Realtime.Presence.Directory;
using Realtime.Protocol.Presence;

namespace Realtime.Presence.Tests.Directory;

public sealed class LocalPresenceDirectoryTests : PresenceDirectorySpecification
{
    private readonly FakeTimeProvider _time = new();
    private readonly InProcessNodeBus _bus = new(NullLogger<InProcessNodeBus>.Instance);
    private readonly LocalPresenceDirectory _directory;

    public LocalPresenceDirectoryTests() => _directory = new LocalPresenceDirectory(_bus, _time);

    [Fact]
    public async Task A_topic_is_forgotten_with_its_last_member()
    {
        var (node, meta) = (NodeId.New("a"), new PresenceMeta("alice", PresencePayload.Empty, PresenceRef.New()));
        var topic = new PresenceTopic(new TenantId("acme"), new ChannelKey("room", IsPrivate: false));
        _directory.Publish(node, topic, PresenceDiff.Joined(meta));
        Assert.Equal(1, _directory.Count);

        _directory.Publish(node, topic, PresenceDiff.Left(meta));
        await _directory.RenewAsync(node, [new PresenceRenewal(topic, default, default)], TestContext.Current.CancellationToken);

        Assert.Equal(0, _directory.Count);
    }

    [Fact]
    public async Task Nodes_that_change_one_topic_at_once_lose_nothing()
    {
        var topic = new PresenceTopic(new TenantId("acme"), new ChannelKey("room", IsPrivate: false));
        var nodes = Enumerable.Range(0, 4).Select(i => NodeId.New($"n{i}")).ToArray();

        await Task.WhenAll(nodes.Select(node => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++)
            {
                var meta = new PresenceMeta("k", PresencePayload.Empty, PresenceRef.New());
                _directory.Publish(node, topic, PresenceDiff.Joined(meta));
                _directory.Publish(node, topic, PresenceDiff.Left(meta));
            }

            _directory.Publish(node, topic, PresenceDiff.Joined(new PresenceMeta("end", PresencePayload.Empty, PresenceRef.New())));
        })));

        var snapshot = await _directory.ReadAsync(topic, TestContext.Current.CancellationToken);
        Assert.Equal(["end", "end", "end", "end"], snapshot.Metas.Select(meta => meta.Key));
    }

    protected override ValueTask<IPresenceDirectory> DirectoryOfAsync(NodeId node) => ValueTask.FromResult<IPresenceDirectory>(_directory);

    protected override ValueTask<INodeBus> BusOfAsync(NodeId node) => ValueTask.FromResult<INodeBus>(_bus);

    protected override ValueTask PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return ValueTask.CompletedTask;
    }
}
