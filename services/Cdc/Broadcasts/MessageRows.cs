using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Replication;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Cdc.Broadcasts;

/// <summary>Turns inserted rows of <c>realtime.messages</c> into broadcasts (protocol.md 5.5, tenant-database.md 8.5).</summary>
internal static class MessageRows
{
    private const int CountedOverheadBytes = 6;

    /// <summary>Whether a table is <c>realtime.messages</c> or one of its partitions.</summary>
    public static bool IsMessages(RelationSchema relation) =>
        relation.Schema == "realtime" && (relation.Name == "messages" || relation.Name.StartsWith("messages_", StringComparison.Ordinal));

    /// <summary>Reads one row.</summary>
    /// <param name="tenant">Whose row it is.</param>
    /// <param name="row">An insert; its bytes are copied.</param>
    /// <param name="maxPayloadBytes">Largest payload that passes, in counted bytes (protocol.md 5.4).</param>
    /// <param name="broadcast">What to send.</param>
    /// <param name="refusal">Why there is nothing to send.</param>
    public static bool TryRead(
        TenantId tenant, in WalChange row, long maxPayloadBytes,
        [NotNullWhen(true)] out BroadcastPublished? broadcast, [NotNullWhen(false)] out string? refusal)
    {
        broadcast = null;
        var (topic, name, id) = (Column(row, "topic"), Column(row, "event"), Column(row, "id"));
        var (isPrivate, json, binary) = (Column(row, "private"), Column(row, "payload"), Column(row, "binary_payload"));
        var isBinary = binary.Presence == ColumnPresence.Text;
        var payload = isBinary ? BytesOf(binary.Text.Span) : json.Presence == ColumnPresence.Text ? json.Text.ToArray() : null;
        refusal = Column(row, "inserted_at").Presence != ColumnPresence.Text ? "inserted_at_missing"
            : name.Presence != ColumnPresence.Text ? "event_missing"
            : id.Presence != ColumnPresence.Text || !Guid.TryParse(id.Text.Span, out _) ? "id_missing"
            : topic.Presence != ColumnPresence.Text ? "topic_missing"
            : isPrivate.Presence != ColumnPresence.Text ? "private_missing"
            : payload?.Length + CountedOverheadBytes > maxPayloadBytes ? "payload_size_exceeded"
            : null;
        if (refusal is not null || payload is null)
        {
            refusal ??= "payload_missing";
            return false;
        }

        var storedId = Encoding.UTF8.GetString(id.Text.Span);
        var channel = new ChannelKey(Encoding.UTF8.GetString(topic.Text.Span), isPrivate.Text.Span.SequenceEqual("t"u8));
        broadcast = new BroadcastPublished(tenant, channel, new BroadcastMessage
        {
            Body = isBinary ? BroadcastBody.Binary : BroadcastBody.Json,
            Topic = (byte[])[.. "realtime:"u8, .. topic.Text.Span],
            UserEvent = name.Text.ToArray(),
            Metadata = Encoding.UTF8.GetBytes($"{{\"id\":\"{storedId}\"}}"),
            Payload = payload,
            StoredId = storedId,
        });
        return true;
    }

    private static ColumnValue Column(in WalChange row, string name)
    {
        var columns = row.Table.Columns;
        for (var i = 0; i < columns.Length; i++)
        {
            if (columns[i].Name == name)
            {
                return row.New.Span[i];
            }
        }

        return ColumnValue.Absent;
    }

    // bytea_output is hex: \x and two digits for each byte.
    private static byte[]? BytesOf(ReadOnlySpan<byte> text)
    {
        if (!text.StartsWith("\\x"u8))
        {
            return null;
        }

        var bytes = new byte[(text.Length - 2) / 2];
        return Convert.FromHexString(text[2..], bytes, out _, out _) == OperationStatus.Done ? bytes : null;
    }
}
