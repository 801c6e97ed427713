using System.Buffers;

namespace Realtime.Postgres.Values;

/// <summary>
/// Writes the text form of a value as JSON (protocol.md 7.5, tenant-database.md 6.9). The text is what the server prints with its
/// default <c>DateStyle</c>, <c>bytea_output</c> and <c>extra_float_digits</c>, as in pgoutput with <c>binary false</c>.
/// </summary>
/// <remarks>
/// Two differences to tenant-database.md 6.9, on purpose: <c>char(n)</c> and <c>bit(n)</c> are complete instead of cut to one character,
/// and <c>json</c> keeps its white space, key order and duplicate keys, which mean the same to a client.
/// </remarks>
public static class JsonValueWriter
{
    /// <summary>Writes one value that is not NULL.</summary>
    /// <param name="output">Receives complete JSON, or nothing.</param>
    /// <param name="type">Type of the column.</param>
    /// <param name="text">The value in UTF-8. Bytes that are no UTF-8 become the replacement character.</param>
    /// <returns>False when only the database can convert the value, or the text is none of the type as it was loaded.</returns>
    public static bool TryWrite(IBufferWriter<byte> output, ColumnType type, ReadOnlySpan<byte> text)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(type);
        if (type.Format is not (ValueFormat.Array or ValueFormat.Composite))
        {
            return TryWriteScalar(output, type, text, nested: false);
        }

        // What is found wrong halfway must not be in the output.
        var json = new ArrayBufferWriter<byte>(text.Length + 64);
        if (!TryWriteNested(json, type, text))
        {
            return false;
        }

        output.Write(json.WrittenSpan);
        return true;
    }

    /// <summary>Writes <c>null</c>.</summary>
    public static void WriteNull(IBufferWriter<byte> output) => output.Write("null"u8);

    /// <summary>Whether a value that is not NULL is written as <c>null</c>: NaN, the infinities of numbers, and JSON null.</summary>
    public static bool IsJsonNull(ColumnType type, ReadOnlySpan<byte> text)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type.Format switch
        {
            ValueFormat.Numeric or ValueFormat.Float => NumberText.IsSpecial(text),
            ValueFormat.Json => text.Trim(" \t\r\n"u8).SequenceEqual("null"u8),
            _ => false,
        };
    }

    /// <summary>Writes a value inside of an array or a composite value, as <c>to_jsonb</c> does there.</summary>
    internal static bool TryWriteNested(IBufferWriter<byte> output, ColumnType type, ReadOnlySpan<byte> text) => type.Format switch
    {
        ValueFormat.Array => ArrayLiteral.TryWriteJson(output, type.Element!, text),
        ValueFormat.Composite => CompositeLiteral.TryWriteJson(output, type.Attributes, text),
        _ => TryWriteScalar(output, type, text, nested: true),
    };

    private static bool TryWriteScalar(IBufferWriter<byte> output, ColumnType type, ReadOnlySpan<byte> text, bool nested)
    {
        switch (type.Format)
        {
            case ValueFormat.Integer or ValueFormat.Numeric or ValueFormat.Float when NumberText.IsNumber(text):
                NumberText.WriteJson(output, text);
                return true;
            case ValueFormat.Numeric or ValueFormat.Float when NumberText.IsSpecial(text):
                if (nested)
                {
                    JsonString.Write(output, text);
                }
                else
                {
                    WriteNull(output);
                }

                return true;
            case ValueFormat.Boolean when text.SequenceEqual("t"u8) || text.SequenceEqual("f"u8):
                output.Write(text[0] == 't' ? "true"u8 : "false"u8);
                return true;
            case ValueFormat.Bytea:
                JsonString.Write(output, !nested && text.StartsWith("\\x"u8) ? text[2..] : text);
                return true;
            case ValueFormat.Json:
                return JsonString.TryWriteRaw(output, text);
            case ValueFormat.Timestamp or ValueFormat.TimestampWithZone:
                TimestampText.WriteJson(output, text, withZone: type.Format == ValueFormat.TimestampWithZone);
                return true;
            case ValueFormat.Text:
                JsonString.Write(output, text);
                return true;
            default:
                return false;
        }
    }
}
