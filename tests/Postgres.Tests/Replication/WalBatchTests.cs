using System.Text;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Replication;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Tests.Replication;

public sealed class WalBatchTests
{
    private static readonly RelationSchema Items = new(1, "public", "items",
        [new("id", 23, -1, IsIdentity: true), new("name", 25, -1, IsIdentity: false)]);

    [Fact]
    public void A_relation_message_names_the_table_and_its_identity()
    {
        byte[] message = [0, 0, 0, 9, .. "public\0items\0"u8, (byte)'d', 0, 2, 1, .. "id\0"u8, 0, 0, 0, 23, 255, 255, 255, 255, 0, .. "name\0"u8, 0, 0, 0, 25, 0, 0, 0, 5];

        var relation = new PgOutputReader(message).ReadRelation();

        Assert.Equal((9u, "public", "items"), (relation.Id, relation.Schema, relation.Name));
        Assert.Equal([new("id", 23, -1, true), new("name", 25, 5, false)], relation.Columns);
    }

    [Fact]
    public void An_insert_has_a_new_image()
    {
        var change = Read([(byte)'I', 0, 0, 0, 1, (byte)'N', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'7', (byte)'n']);

        Assert.Equal(ChangeEvents.Insert, change.Kind);
        Assert.Equal(["7", "null"], Show(change.New));
        Assert.True(change.Old.IsEmpty);
    }

    [Fact]
    public void An_update_without_old_image_takes_its_key_from_the_new_one()
    {
        var change = Read([(byte)'U', 0, 0, 0, 1, (byte)'N', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'7', (byte)'u']);

        Assert.Equal(["7", "absent"], Show(change.New));
        Assert.Equal(["7", "absent"], Show(change.Old));
    }

    [Fact]
    public void An_update_fills_unchanged_values_from_the_old_image()
    {
        var change = Read(
        [
            (byte)'U', 0, 0, 0, 1, (byte)'O', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'6', (byte)'t', 0, 0, 0, 3, .. "big"u8,
            (byte)'N', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'7', (byte)'u',
        ]);

        Assert.Equal(["7", "big"], Show(change.New));
        Assert.Equal(["6", "big"], Show(change.Old));
    }

    [Fact]
    public void A_key_image_does_not_have_the_other_columns()
    {
        var change = Read([(byte)'D', 0, 0, 0, 1, (byte)'K', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'7', (byte)'n']);

        Assert.Equal(ChangeEvents.Delete, change.Kind);
        Assert.Equal(["7", "absent"], Show(change.Old));
        Assert.True(change.New.IsEmpty);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'I', 0, 0, 0, 1 })]
    [InlineData(new byte[] { (byte)'I', 0, 0, 0, 1, (byte)'N', 0, 3, (byte)'n', (byte)'n', (byte)'n' })]
    [InlineData(new byte[] { (byte)'I', 0, 0, 0, 1, (byte)'N', 0, 2, (byte)'t', 0, 0, 0, 9, (byte)'7' })]
    [InlineData(new byte[] { (byte)'I', 0, 0, 0, 1, (byte)'N', 0, 2, (byte)'t', 255, 255, 255, 255, (byte)'7' })]
    [InlineData(new byte[] { (byte)'U', 0, 0, 0, 1, (byte)'K', 0, 2, (byte)'n', (byte)'n' })]
    public void A_malformed_message_is_refused(byte[] message)
    {
        Assert.Throws<InvalidDataException>(() => Read(message));
    }

    [Fact]
    public void Every_truncated_or_flipped_message_is_read_or_refused_but_never_anything_else()
    {
        byte[] message =
        [
            (byte)'U', 0, 0, 0, 1, (byte)'O', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'6', (byte)'t', 0, 0, 0, 3, .. "big"u8,
            (byte)'N', 0, 2, (byte)'t', 0, 0, 0, 1, (byte)'7', (byte)'u',
        ];

        for (var position = 0; position < message.Length; position++)
        {
            ReadOrRefuse(message[..position]);
            for (var value = 0; value < 256; value++)
            {
                var flipped = message.ToArray();
                flipped[position] = (byte)value;
                ReadOrRefuse(flipped);
            }
        }
    }

    private static void ReadOrRefuse(byte[] message)
    {
        try
        {
            Read(message);
        }
        catch (InvalidDataException)
        {
            // Refused.
        }
    }

    private static WalChange Read(byte[] message)
    {
        var batch = new WalBatch();
        message.CopyTo(batch.Reserve(message.Length));
        batch.Append(message.Length, Items, commitMicroseconds: 5);
        return batch.Read(0);
    }

    private static string[] Show(ReadOnlyMemory<ColumnValue> image) => [.. image.ToArray().Select(v => v.Presence switch
    {
        ColumnPresence.Text => Encoding.UTF8.GetString(v.Text.Span),
        ColumnPresence.Null => "null",
        _ => "absent",
    })];
}
