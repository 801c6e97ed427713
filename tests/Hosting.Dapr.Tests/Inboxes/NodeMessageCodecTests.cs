using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Contracts.Wire;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Changes;
using Realtime.Protocol.Presence;

namespace Realtime.Hosting.Dapr.Tests.Inboxes;

public sealed class NodeMessageCodecTests
{
    private static readonly Gen<string> Text = Gen.String[Gen.Char['a', 'z'], 0, 12].Select(text => text + "ö");
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 300];
    private static readonly Gen<ChangeSubscriberId> Subscriber = Gen.Select(Text, Gen.Long).Select((node, number) => new ChangeSubscriberId(new NodeId(node), number));

    private static readonly Gen<NodeMessage> Broadcast = Gen.Select(Text, Text, Gen.Bool, Gen.Int[0, 3], Text, Text, Bytes)
        .Select((tenant, topic, isPrivate, body, name, id, payload) => (NodeMessage)new BroadcastPublished(
            new TenantId(tenant),
            new ChannelKey(topic, isPrivate),
            new BroadcastMessage
            {
                Body = (BroadcastBody)body,
                Topic = Encoding.UTF8.GetBytes(topic),
                UserEvent = Encoding.UTF8.GetBytes(name),
                Metadata = Encoding.UTF8.GetBytes(id),
                StoredId = isPrivate ? id : null,
                Payload = body < 2 ? Encoding.UTF8.GetBytes(name) : payload,
            }));

    private static readonly Gen<NodeMessage> Changed = Gen.Select(Text, Gen.Int[0, 63])
        .Select((tenant, changes) => (NodeMessage)new TenantChanged(new TenantId(tenant), (TenantChanges)changes));

    private static readonly Gen<ChangeAudience> Audience = Gen.Select(Subscriber, Gen.Int.Array[0, 4])
        .Select((subscriber, ids) => new ChangeRecipient(subscriber, [.. ids])).Array[0, 4].Select(all => new ChangeAudience([.. all]));

    private static readonly Gen<NodeMessage> Changes =
        Gen.Select(Text, Audience.Array[1, 3], Gen.Select(Gen.Int[0, 2], Gen.Int[0, 100], Text).Array[0, 6])
            .Select((tenant, audiences, changes) => (NodeMessage)new ChangesPublished(
                new TenantId(tenant),
                [.. changes.Select(change => new PublishedChange(
                    (ChangeEvents)(1 << change.Item1), Encoding.UTF8.GetBytes(change.Item3), audiences[change.Item2 % audiences.Length]))]));

    private static readonly Gen<NodeMessage> Notice = Gen.Select(Text, Subscriber.Array[0, 4], Gen.Bool, Text)
        .Select((tenant, subscribers, isError, message) => (NodeMessage)new ChangeFeedNotice(new TenantId(tenant), [.. subscribers], isError, message));

    private static readonly Gen<PresenceMeta> Meta = Gen.Select(Text, Text, Gen.Bool)
        .Select((key, value, isUpdate) => isUpdate ? Tracked(key, value).ReplacedBy(Payload(value)) : Tracked(key, value));

    private static readonly Gen<NodeMessage> Presence = Gen.Select(Text, Text, Gen.Bool, Meta.Array[0, 3], Meta.Array[0, 3])
        .Select((tenant, topic, isPrivate, joins, leaves) => (NodeMessage)new PresenceChanged(
            new TenantId(tenant), new ChannelKey(topic, isPrivate), new NodeId("socket-1"), new PresenceDiff(joins, leaves)));

    private static readonly Gen<NodeMessage> Message = Gen.OneOf(Broadcast, Changed, Changes, Notice, Presence);

    [Fact]
    public void A_message_is_read_as_it_was_written() => Message.Sample(message =>
    {
        Assert.True(NodeMessageCodec.TryRead(Write(message), out var read));

        Assert.Equal(Describe(message), Describe(read));
    });

    [Fact]
    public void Changes_that_shared_an_audience_share_one_again()
    {
        var audience = new ChangeAudience([new ChangeRecipient(new ChangeSubscriberId(new NodeId("socket-1"), 7), [1, 2])]);
        var change = new PublishedChange(ChangeEvents.Insert, "{}"u8.ToArray(), audience);
        var message = new ChangesPublished(new TenantId("acme"), [change, change with { Event = ChangeEvents.Delete }]);

        Assert.True(NodeMessageCodec.TryRead(Write(message), out var read));

        var changes = Assert.IsType<ChangesPublished>(read).Changes;
        Assert.Same(changes[0].Audience, changes[1].Audience);
    }

    [Fact]
    public void Any_bytes_are_a_message_or_none() => Bytes.Sample(bytes =>
    {
        if (NodeMessageCodec.TryRead(bytes, out var message))
        {
            Assert.True(NodeMessageCodec.TryWrite(new WireWriter(), message));
        }
    });

    [Fact]
    public void A_message_that_was_cut_or_lengthened_is_none() => Gen.Select(Message, Gen.Int[0, 10_000]).Sample((message, at) =>
    {
        var bytes = Write(message);

        Assert.False(NodeMessageCodec.TryRead(bytes.AsMemory(0, at % bytes.Length), out _));
        Assert.False(NodeMessageCodec.TryRead((byte[])[.. bytes, 0], out _));
    });

    [Fact]
    public void A_message_with_changed_bytes_is_read_or_refused() => Gen.Select(Message, Gen.Int[0, 10_000], Gen.Byte).Sample((message, at, value) =>
    {
        var bytes = Write(message);
        bytes[at % bytes.Length] = value;

        if (NodeMessageCodec.TryRead(bytes, out var read) && read is BroadcastPublished broadcast)
        {
            broadcast.Message.FrameFor(Realtime.Protocol.ProtocolVersion.V1);
            broadcast.Message.FrameFor(Realtime.Protocol.ProtocolVersion.V2);
        }
    });

    [Fact]
    public void Every_type_of_message_has_bytes()
    {
        var known = Message.Array[200].Single().Select(message => message.GetType()).ToHashSet();

        var all = typeof(NodeMessage).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(NodeMessage)) && !type.IsAbstract);

        Assert.Empty(all.Except(known));
    }

    private static PresenceMeta Tracked(string key, string value) => new(key, Payload(value), PresenceRef.New());

    private static PresencePayload Payload(string value)
    {
        Assert.True(PresencePayload.TryRead(Encoding.UTF8.GetBytes($$"""{"name":"{{value}}"}"""), out var payload));
        return payload;
    }

    private static byte[] Write(NodeMessage message)
    {
        var output = new WireWriter();
        Assert.True(NodeMessageCodec.TryWrite(output, message));
        return output.Written.ToArray();
    }

    private static string Describe(NodeMessage message) => message switch
    {
        BroadcastPublished broadcast => string.Join('|', broadcast.Tenant, broadcast.Channel, broadcast.Message.Body, Hex(broadcast.Message.Topic),
            Hex(broadcast.Message.UserEvent), Hex(broadcast.Message.Metadata), broadcast.Message.StoredId ?? "none", Hex(broadcast.Message.Payload)),
        ChangesPublished changes => string.Join('|', changes.Changes.Select(change =>
            $"{change.Event} {Hex(change.Data)} {string.Join(',', change.Audience.Recipients.Select(r => $"{r.Subscriber}:{string.Join('+', r.Ids)}"))}").Prepend(changes.Tenant.Value)),
        PresenceChanged presence => string.Join('|', presence.Tenant, presence.Channel, presence.Node, Encoding.UTF8.GetString(presence.Diff.ToJson())),
        ChangeFeedNotice notice => $"{notice.Tenant}|{notice.IsError}|{notice.Message}|{string.Join(',', notice.Subscribers)}",
        _ => message.ToString(),
    };

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexString(bytes.Span);
}
