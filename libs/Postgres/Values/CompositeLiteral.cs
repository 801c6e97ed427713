using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Realtime.Postgres.Values;

/// <summary>The text of a composite value: <c>(1,,"a ""b""")</c>, where nothing between commas is NULL.</summary>
internal static class CompositeLiteral
{
    /// <summary>Writes it as a JSON object.</summary>
    /// <returns>False when it is none of these attributes; part of it may have been written.</returns>
    public static bool TryWriteJson(IBufferWriter<byte> output, ImmutableArray<CompositeField> attributes, ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[0] != '(' || text[^1] != ')')
        {
            return false;
        }

        var rest = text[1..];
        output.Write("{"u8);
        for (var i = 0; i < attributes.Length; i++)
        {
            if (i > 0)
            {
                output.Write(","u8);
            }

            JsonString.Write(output, Encoding.UTF8.GetBytes(attributes[i].Name));
            output.Write(":"u8);
            var end = i == attributes.Length - 1 ? (byte)')' : (byte)',';
            if (!TryWriteAttribute(output, attributes[i].Type, ref rest) || rest.IsEmpty || rest[0] != end)
            {
                return false;
            }

            rest = rest[1..];
        }

        output.Write("}"u8);
        return rest.IsEmpty || (attributes.IsEmpty && rest.Length == 1);
    }

    private static bool TryWriteAttribute(IBufferWriter<byte> output, ColumnType type, ref ReadOnlySpan<byte> rest)
    {
        if (rest.StartsWith(","u8) || rest.StartsWith(")"u8))
        {
            JsonValueWriter.WriteNull(output);
            return true;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(rest.Length);
        try
        {
            return TryReadAttribute(ref rest, buffer, out var length) && JsonValueWriter.TryWriteNested(output, type, buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Quotes open and close anywhere; a doubled quote inside of them, and whatever follows a backslash, stands for itself.
    private static bool TryReadAttribute(ref ReadOnlySpan<byte> rest, Span<byte> buffer, out int length)
    {
        length = 0;
        var quoted = false;
        for (var i = 0; i < rest.Length; i++)
        {
            var current = rest[i];
            if (!quoted && current is (byte)',' or (byte)')')
            {
                rest = rest[i..];
                return true;
            }

            if (current == '"' && !(quoted && i + 1 < rest.Length && rest[i + 1] == '"'))
            {
                quoted = !quoted;
                continue;
            }

            i += current is (byte)'"' or (byte)'\\' && i + 1 < rest.Length ? 1 : 0;
            buffer[length++] = rest[i];
        }

        return false;
    }
}
