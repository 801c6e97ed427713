using System.Buffers;

namespace Realtime.Postgres.Values;

/// <summary>The text of an array: <c>{1,NULL,"a \"b\""}</c>, nested for several dimensions, with <c>[0:2]=</c> before it where the bounds are unusual.</summary>
internal static class ArrayLiteral
{
    private const int MaxDimensions = 6;

    /// <summary>Writes it as a JSON array; the lower bounds are lost.</summary>
    /// <returns>False when it is none; part of it may have been written.</returns>
    public static bool TryWriteJson(IBufferWriter<byte> output, ColumnType element, ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("["u8))
        {
            text = text[(text.IndexOf((byte)'=') + 1)..];
        }

        return TryWriteDimension(output, element, ref text, 1) && text.IsEmpty;
    }

    private static bool TryWriteDimension(IBufferWriter<byte> output, ColumnType element, ref ReadOnlySpan<byte> rest, int dimension)
    {
        if (dimension > MaxDimensions || !TryTake(ref rest, (byte)'{'))
        {
            return false;
        }

        output.Write("["u8);
        if (!TryTake(ref rest, (byte)'}'))
        {
            while (true)
            {
                var written = rest.StartsWith("{"u8)
                    ? TryWriteDimension(output, element, ref rest, dimension + 1)
                    : TryWriteElement(output, element, ref rest);
                if (!written)
                {
                    return false;
                }

                if (!TryTake(ref rest, element.Delimiter))
                {
                    break;
                }

                output.Write(","u8);
            }

            if (!TryTake(ref rest, (byte)'}'))
            {
                return false;
            }
        }

        output.Write("]"u8);
        return true;
    }

    private static bool TryWriteElement(IBufferWriter<byte> output, ColumnType element, ref ReadOnlySpan<byte> rest)
    {
        if (rest.StartsWith("\""u8))
        {
            return TryWriteQuoted(output, element, ref rest);
        }

        var end = rest.IndexOfAny(element.Delimiter, (byte)'}');
        if (end <= 0)
        {
            return false;
        }

        var value = rest[..end];
        rest = rest[end..];
        if (value.SequenceEqual("NULL"u8))
        {
            JsonValueWriter.WriteNull(output);
            return true;
        }

        return JsonValueWriter.TryWriteNested(output, element, value);
    }

    // "…" where a backslash stands before each quote and backslash.
    private static bool TryWriteQuoted(IBufferWriter<byte> output, ColumnType element, ref ReadOnlySpan<byte> rest)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(rest.Length);
        try
        {
            var length = 0;
            for (var i = 1; i < rest.Length; i++)
            {
                if (rest[i] == '"')
                {
                    rest = rest[(i + 1)..];
                    return JsonValueWriter.TryWriteNested(output, element, buffer.AsSpan(0, length));
                }

                i += rest[i] == '\\' && i + 1 < rest.Length ? 1 : 0;
                buffer[length++] = rest[i];
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, byte expected)
    {
        if (rest.IsEmpty || rest[0] != expected)
        {
            return false;
        }

        rest = rest[1..];
        return true;
    }
}
