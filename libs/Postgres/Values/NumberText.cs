using System.Buffers;
using System.Buffers.Text;

namespace Realtime.Postgres.Values;

/// <summary>The texts of <c>int*</c>, <c>numeric</c> and <c>float*</c>.</summary>
internal static class NumberText
{
    private const int MaxExponent = 400;

    /// <summary>NaN or one of the infinities.</summary>
    public static bool IsSpecial(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("NaN"u8) || text.SequenceEqual("Infinity"u8) || text.SequenceEqual("-Infinity"u8);

    /// <summary>Whether it is <c>[-]digits[.digits][e±digits]</c>, which is a JSON number as well.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> text)
    {
        var rest = text.StartsWith("-"u8) ? text[1..] : text;
        var whole = Digits(rest);
        if (whole == 0 || (whole > 1 && rest[0] == '0'))
        {
            return false;
        }

        rest = rest[whole..];
        if (rest.StartsWith("."u8))
        {
            var fraction = Digits(rest[1..]);
            if (fraction == 0)
            {
                return false;
            }

            rest = rest[(fraction + 1)..];
        }

        return rest.IsEmpty || (rest[0] == 'e' && TryReadExponent(rest, out _));
    }

    /// <summary>Writes a number for which <see cref="IsNumber"/> holds: without exponent, and without the sign of a negative zero.</summary>
    public static void WriteJson(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        var exponentAt = text.IndexOf((byte)'e');
        if (exponentAt >= 0)
        {
            WriteExpanded(output, text[..exponentAt], text[exponentAt..]);
        }
        else
        {
            output.Write(text.SequenceEqual("-0"u8) ? "0"u8 : text);
        }
    }

    // 1.25e-05 is 0.0000125: the digits stay, the point moves.
    private static void WriteExpanded(IBufferWriter<byte> output, ReadOnlySpan<byte> mantissa, ReadOnlySpan<byte> exponent)
    {
        _ = TryReadExponent(exponent, out var shift);
        if (mantissa[0] == '-')
        {
            output.Write("-"u8);
            mantissa = mantissa[1..];
        }

        var point = mantissa.IndexOf((byte)'.');
        var digits = new byte[point < 0 ? mantissa.Length : mantissa.Length - 1];
        mantissa[..(point < 0 ? mantissa.Length : point)].CopyTo(digits);
        if (point >= 0)
        {
            mantissa[(point + 1)..].CopyTo(digits.AsSpan(point));
        }

        var before = (point < 0 ? mantissa.Length : point) + shift;
        if (before <= 0)
        {
            output.Write("0."u8);
            WriteZeros(output, -before);
            output.Write(digits);
        }
        else if (before >= digits.Length)
        {
            output.Write(digits);
            WriteZeros(output, before - digits.Length);
        }
        else
        {
            output.Write(digits.AsSpan(0, before));
            output.Write("."u8);
            output.Write(digits.AsSpan(before));
        }
    }

    private static void WriteZeros(IBufferWriter<byte> output, int count)
    {
        if (count > 0)
        {
            output.GetSpan(count)[..count].Fill((byte)'0');
            output.Advance(count);
        }
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        text = text[1..];
        text = text.StartsWith("+"u8) ? text[1..] : text;
        return Utf8Parser.TryParse(text, out exponent, out var used) && used == text.Length && Math.Abs((long)exponent) <= MaxExponent;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length : end;
    }
}
