using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Presence;
using Realtime.Contracts.Tenants;
using Realtime.Contracts.Wire;
using Realtime.Protocol.Broadcasts;
using Realtime.Protocol.Changes;

namespace Realtime.Contracts.Nodes;

/// <summary>The bytes of a <see cref="NodeMessage"/> between processes: a kind, the tenant, then the members in order.</summary>
/// <remarks>
/// Nodes of different versions meet while a deployment is renewed: a kind keeps its number and its members for ever, a changed one is
/// a new kind. What a node does not know it ignores.
/// </remarks>
public static class NodeMessageCodec
{
    private const byte Broadcast = 1;
    private const byte Tenant = 2;
    private const byte Changes = 3;
    private const byte Notice = 4;
    private const byte Presence = 5;

    /// <summary>Appends a message.</summary>
    /// <returns>False, with nothing appended, for a type that has no kind.</returns>
    public static bool TryWrite(WireWriter output, NodeMessage message)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(message);
        switch (message)
        {
            case BroadcastPublished broadcast:
                Begin(output, Broadcast, message);
                Write(output, broadcast);
                return true;
            case TenantChanged changed:
                Begin(output, Tenant, message);
                output.WriteSigned((int)changed.Changes);
                return true;
            case ChangesPublished changes:
                Begin(output, Changes, message);
                Write(output, changes);
                return true;
            case ChangeFeedNotice notice:
                Begin(output, Notice, message);
                Write(output, notice);
                return true;
            case PresenceChanged presence:
                Begin(output, Presence, message);
                PresenceWire.Write(output, presence);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Reads one message that takes up all of <paramref name="input"/>, which must not change afterwards: payloads are slices of it.</summary>
    /// <returns>False for anything else than a whole message of a known kind.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> input, [NotNullWhen(true)] out NodeMessage? message)
    {
        var reader = new WireReader(input);
        var kind = reader.ReadByte();
        var tenant = new TenantId(reader.ReadText());
        message = kind switch
        {
            Broadcast => ReadBroadcast(ref reader, tenant),
            Tenant => new TenantChanged(tenant, (TenantChanges)reader.ReadInt32()),
            Changes => ReadChanges(ref reader, tenant),
            Notice => ReadNotice(ref reader, tenant),
            Presence => PresenceWire.Read(ref reader, tenant),
            _ => null,
        };
        if (!reader.Succeeded)
        {
            message = null;
        }

        return message is not null;
    }

    private static void Begin(WireWriter output, byte kind, NodeMessage message)
    {
        output.WriteByte(kind);
        output.WriteText(message.Tenant.Value);
    }

    // sub-topic, private, body, topic, user event, metadata, stored id, payload
    private static void Write(WireWriter output, BroadcastPublished broadcast)
    {
        var message = broadcast.Message;
        output.WriteText(broadcast.Channel.SubTopic);
        output.WriteFlag(broadcast.Channel.IsPrivate);
        output.WriteByte((byte)message.Body);
        output.WriteBytes(message.Topic.Span);
        output.WriteBytes(message.UserEvent.Span);
        output.WriteBytes(message.Metadata.Span);
        output.WriteOptionalText(message.StoredId);
        output.WriteBytes(message.Payload.Span);
    }

    private static BroadcastPublished ReadBroadcast(ref WireReader reader, TenantId tenant)
    {
        var channel = new ChannelKey(reader.ReadText(), reader.ReadFlag());
        var body = (BroadcastBody)reader.ReadByte();
        if (body > BroadcastBody.Push)
        {
            reader.Fail();
        }

        var (topic, userEvent, metadata) = (reader.ReadUtf8(), reader.ReadUtf8(), reader.ReadUtf8());
        var storedId = reader.ReadOptionalText();
        var payload = body is BroadcastBody.Envelope or BroadcastBody.Json ? reader.ReadUtf8() : reader.ReadBytes();
        return new BroadcastPublished(tenant, channel, new BroadcastMessage
        {
            Body = body,
            Topic = topic,
            UserEvent = userEvent,
            Metadata = metadata,
            StoredId = storedId,
            Payload = payload,
        });
    }

    // The audiences, each once; then the changes with the index of theirs: consecutive changes mostly share one.
    private static void Write(WireWriter output, ChangesPublished published)
    {
        var indexes = new Dictionary<ChangeAudience, int>(ReferenceEqualityComparer.Instance);
        foreach (var change in published.Changes)
        {
            indexes.TryAdd(change.Audience, indexes.Count);
        }

        output.WriteNumber((ulong)indexes.Count);
        foreach (var audience in indexes.Keys)
        {
            Write(output, audience);
        }

        output.WriteNumber((ulong)published.Changes.Length);
        foreach (var change in published.Changes)
        {
            output.WriteByte((byte)change.Event);
            output.WriteNumber((ulong)indexes[change.Audience]);
            output.WriteBytes(change.Data.Span);
        }
    }

    private static void Write(WireWriter output, ChangeAudience audience)
    {
        output.WriteNumber((ulong)audience.Recipients.Length);
        foreach (var recipient in audience.Recipients)
        {
            Write(output, recipient.Subscriber);
            output.WriteNumber((ulong)recipient.Ids.Length);
            foreach (var id in recipient.Ids)
            {
                output.WriteSigned(id);
            }
        }
    }

    private static ChangesPublished ReadChanges(ref WireReader reader, TenantId tenant)
    {
        var audiences = new ChangeAudience[reader.ReadCount(minBytes: 1)];
        for (var i = 0; i < audiences.Length; i++)
        {
            audiences[i] = ReadAudience(ref reader);
        }

        var changes = ImmutableArray.CreateBuilder<PublishedChange>();
        for (var left = reader.ReadCount(minBytes: 3); left > 0 && !reader.Failed; left--)
        {
            var kind = (ChangeEvents)reader.ReadByte();
            var audience = reader.ReadNumber();
            var data = reader.ReadUtf8();
            if (kind is not (ChangeEvents.Insert or ChangeEvents.Update or ChangeEvents.Delete) || audience >= (ulong)audiences.Length)
            {
                reader.Fail();
                break;
            }

            changes.Add(new PublishedChange(kind, data, audiences[audience]));
        }

        return new ChangesPublished(tenant, changes.ToImmutable());
    }

    private static ChangeAudience ReadAudience(ref WireReader reader)
    {
        var recipients = ImmutableArray.CreateBuilder<ChangeRecipient>();
        for (var left = reader.ReadCount(minBytes: 3); left > 0 && !reader.Failed; left--)
        {
            var subscriber = ReadSubscriber(ref reader);
            var ids = ImmutableArray.CreateBuilder<int>();
            for (var idsLeft = reader.ReadCount(minBytes: 1); idsLeft > 0 && !reader.Failed; idsLeft--)
            {
                ids.Add(reader.ReadInt32());
            }

            recipients.Add(new ChangeRecipient(subscriber, ids.ToImmutable()));
        }

        return new ChangeAudience(recipients.ToImmutable());
    }

    private static void Write(WireWriter output, ChangeFeedNotice notice)
    {
        output.WriteFlag(notice.IsError);
        output.WriteText(notice.Message);
        output.WriteNumber((ulong)notice.Subscribers.Length);
        foreach (var subscriber in notice.Subscribers)
        {
            Write(output, subscriber);
        }
    }

    private static ChangeFeedNotice ReadNotice(ref WireReader reader, TenantId tenant)
    {
        var isError = reader.ReadFlag();
        var message = reader.ReadText();
        var subscribers = ImmutableArray.CreateBuilder<ChangeSubscriberId>();
        for (var left = reader.ReadCount(minBytes: 2); left > 0 && !reader.Failed; left--)
        {
            subscribers.Add(ReadSubscriber(ref reader));
        }

        return new ChangeFeedNotice(tenant, subscribers.ToImmutable(), isError, message);
    }

    private static void Write(WireWriter output, ChangeSubscriberId subscriber)
    {
        output.WriteText(subscriber.Node.Value);
        output.WriteSigned(subscriber.Number);
    }

    private static ChangeSubscriberId ReadSubscriber(ref WireReader reader) => new(new NodeId(reader.ReadText()), reader.ReadSigned());
}
