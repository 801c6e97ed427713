using System.Buffers;
using System.Globalization;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Replication;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Delivery;

/// <summary>Writes the <c>data</c> object of a change (protocol.md 7.5 and 7.7).</summary>
internal static class ChangeJson
{
    /// <summary>Largest JSON text of a value that stays in a change over the size limit, in bytes.</summary>
    private const int MaxBytesInTruncated = 64;

    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>Writes one change for one projection.</summary>
    /// <param name="output">Receives the object.</param>
    /// <param name="projection">What is visible.</param>
    /// <param name="change">The change.</param>
    /// <param name="maxRecordBytes">Size from which values are left out.</param>
    /// <param name="conversions">Values that only the database can turn into JSON; asked for there when they are missing.</param>
    /// <returns>False when <paramref name="conversions"/> has to be executed first and the output is to be thrown away.</returns>
    public static bool TryWrite(
        IBufferWriter<byte> output, Projection projection, in WalChange change, int maxRecordBytes, ValueConversions conversions)
    {
        output.Write(projection.Head(change.Kind));
        if (change.Kind != ChangeEvents.Delete && projection.RowError is { } error)
        {
            output.Write(change.Kind == ChangeEvents.Insert ? "null,\"record\":{},\"errors\":"u8 : "null,\"record\":{},\"old_record\":{},\"errors\":"u8);
            output.Write(error);
            output.Write("}"u8);
            return true;
        }

        WriteTime(output, change.CommitMicroseconds);
        var tooLarge = IsTooLarge(projection.Layout, change, maxRecordBytes);
        var complete = true;
        if (change.Kind != ChangeEvents.Delete)
        {
            output.Write(",\"record\":{"u8);
            complete &= TryWriteRow(output, projection, change.New.Span, tooLarge, keyOnly: false, conversions);
            output.Write("}"u8);
        }

        if (change.Kind != ChangeEvents.Insert)
        {
            output.Write(",\"old_record\":{"u8);
            var keyOnly = change.Kind == ChangeEvents.Delete && projection.Layout.Table.RowSecurity;
            complete &= TryWriteRow(output, projection, change.Old.Span, tooLarge, keyOnly, conversions);
            output.Write("}"u8);
        }

        output.Write(tooLarge ? ",\"errors\":[\"Error 413: Payload Too Large\"]}"u8 : ",\"errors\":null}"u8);
        return complete;
    }

    // Values count once per image, as they do in the record of the reference.
    private static bool IsTooLarge(TableLayout layout, in WalChange change, int maxRecordBytes) => change.Size + layout.Overhead > maxRecordBytes;

    private static bool TryWriteRow(
        IBufferWriter<byte> output, Projection projection, ReadOnlySpan<ColumnValue> values, bool tooLarge, bool keyOnly,
        ValueConversions conversions)
    {
        var complete = true;
        var first = true;
        foreach (var member in projection.Members)
        {
            var value = values[member.Ordinal];
            if (value.Presence == ColumnPresence.Absent || (keyOnly && !member.Column.IsKey) || (tooLarge && IsLeftOut(member, value, conversions)))
            {
                continue;
            }

            if (!first)
            {
                output.Write(","u8);
            }

            first = false;
            output.Write(member.MemberName);
            complete &= TryWriteValue(output, member.Column.Type, value, conversions);
        }

        return complete;
    }

    private static bool TryWriteValue(IBufferWriter<byte> output, ColumnType type, in ColumnValue value, ValueConversions conversions)
    {
        if (value.Presence == ColumnPresence.Null)
        {
            JsonValueWriter.WriteNull(output);
            return true;
        }

        return JsonValueWriter.TryWrite(output, type, value.Text.Span) || conversions.TryWrite(output, type, value.Text);
    }

    // Null values are left out, too, as the reference does.
    private static bool IsLeftOut(LayoutColumn member, in ColumnValue value, ValueConversions conversions)
    {
        if (value.Presence == ColumnPresence.Null || value.Text.Length > MaxBytesInTruncated)
        {
            return true;
        }

        var json = new ArrayBufferWriter<byte>(MaxBytesInTruncated * 2);
        return TryWriteValue(json, member.Column.Type, value, conversions) && json.WrittenCount > MaxBytesInTruncated;
    }

    // "YYYY-MM-DDTHH:MM:SS.mmmZ", milliseconds cut off.
    private static void WriteTime(IBufferWriter<byte> output, long microseconds)
    {
        var time = Epoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
        var target = output.GetSpan(32);
        target[0] = (byte)'"';
        time.TryFormat(target[1..], out var written, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        target[written + 1] = (byte)'"';
        output.Advance(written + 2);
    }
}
