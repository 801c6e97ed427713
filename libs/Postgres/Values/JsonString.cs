using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Realtime.Postgres.Values;

/// <summary>Writes texts of the database as JSON strings: only what JSON demands is escaped.</summary>
internal static class JsonString
{
    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        WriteEscaped(output, Utf8.IsValid(text) ? text : Repaired(text));
        output.Write("\""u8);
    }

    /// <summary>Writes text that is JSON already.</summary>
    /// <returns>False for text that is no UTF-8, which a database without an encoding (SQL_ASCII) can hold.</returns>
    public static bool TryWriteRaw(IBufferWriter<byte> output, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || !Utf8.IsValid(json))
        {
            return false;
        }

        output.Write(json);
        return true;
    }

    private static void WriteEscaped(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        for (var next = text.IndexOfAny(MustEscape); next >= 0; next = text.IndexOfAny(MustEscape))
        {
            output.Write(text[..next]);
            WriteEscape(output, text[next]);
            text = text[(next + 1)..];
        }

        output.Write(text);
    }

    private static void WriteEscape(IBufferWriter<byte> output, byte value)
    {
        var letter = value switch
        {
            (byte)'"' or (byte)'\\' => value,
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            _ => (byte)'u',
        };
        output.Write([(byte)'\\', letter]);
        if (letter == 'u')
        {
            output.Write([(byte)'0', (byte)'0', (byte)('0' + (value >> 4)), (byte)"0123456789abcdef"[value & 15]]);
        }
    }

    private static byte[] Repaired(ReadOnlySpan<byte> text) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text));
}
