using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Contracts.Wire;
using Realtime.Protocol.Presence;

namespace Realtime.Contracts.Presence;

/// <summary>The bytes of a <see cref="PresenceChanged"/> between processes.</summary>
internal static class PresenceWire
{
    // sub-topic, private, node, joins, leaves
    public static void Write(WireWriter output, PresenceChanged changed)
    {
        output.WriteText(changed.Channel.SubTopic);
        output.WriteFlag(changed.Channel.IsPrivate);
        output.WriteText(changed.Node.Value);
        Write(output, changed.Diff.Joins);
        Write(output, changed.Diff.Leaves);
    }

    public static PresenceChanged Read(ref WireReader reader, TenantId tenant)
    {
        var channel = new ChannelKey(reader.ReadText(), reader.ReadFlag());
        var node = new NodeId(reader.ReadText());
        var joins = ReadMetas(ref reader);
        return new PresenceChanged(tenant, channel, node, new PresenceDiff(joins, ReadMetas(ref reader)));
    }

    private static void Write(WireWriter output, IReadOnlyList<PresenceMeta> metas)
    {
        output.WriteNumber((ulong)metas.Count);
        foreach (var meta in metas)
        {
            output.WriteText(meta.Key);
            output.WriteBytes([(byte)'{', .. meta.Payload.Members.Span, (byte)'}']);
            output.WriteText(meta.Ref.ToString());
            output.WriteOptionalText(meta.PreviousRef?.ToString());
        }
    }

    private static List<PresenceMeta> ReadMetas(ref WireReader reader)
    {
        var metas = new List<PresenceMeta>();
        for (var left = reader.ReadCount(minBytes: 4); left > 0 && !reader.Failed; left--)
        {
            if (ReadMeta(ref reader) is { } meta)
            {
                metas.Add(meta);
            }
        }

        return metas;
    }

    private static PresenceMeta? ReadMeta(ref WireReader reader)
    {
        var key = reader.ReadText();
        var json = reader.ReadUtf8();
        var reference = reader.ReadUtf8();
        var hasPrevious = reader.ReadFlag();
        var previous = hasPrevious ? reader.ReadUtf8() : default;
        PresenceRef previousRef = default;
        if (!PresencePayload.TryRead(json.Span, out var payload)
            || !PresenceRef.TryParse(reference.Span, out var own)
            || (hasPrevious && !PresenceRef.TryParse(previous.Span, out previousRef)))
        {
            reader.Fail();
            return null;
        }

        return new PresenceMeta(key, payload, own, hasPrevious ? previousRef : null);
    }
}
