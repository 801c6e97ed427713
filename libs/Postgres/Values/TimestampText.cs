using System.Buffers;
using System.Buffers.Text;

namespace Realtime.Postgres.Values;

/// <summary>The ISO texts of <c>date</c>, <c>timestamp</c> and <c>timestamptz</c>: <c>2024-02-29 13:14:15.5+00</c>, <c>0044-03-15 BC</c>, <c>infinity</c>.</summary>
internal static class TimestampText
{
    private const long MicrosecondsPerSecond = 1_000_000;
    private const long SecondsPerDay = 86_400;

    /// <summary>Writes a timestamp with a T before the time and minutes in the offset.</summary>
    public static void WriteJson(IBufferWriter<byte> output, ReadOnlySpan<byte> text, bool withZone)
    {
        var space = text.IndexOf((byte)' ');
        if (space < 0 || text.ContainsAnyExceptInRange((byte)' ', (byte)'Z'))
        {
            JsonString.Write(output, text);
            return;
        }

        output.Write("\""u8);
        output.Write(text[..space]);
        output.Write("T"u8);
        var time = text[(space + 1)..];
        var end = time.IndexOf((byte)' ') is var era and >= 0 ? era : time.Length;
        output.Write(time[..end]);
        if (withZone && end >= 3 && time[end - 3] is (byte)'+' or (byte)'-')
        {
            output.Write(":00"u8);
        }

        output.Write(time[end..]);
        output.Write("\""u8);
    }

    /// <summary>Microseconds since 2000-01-01, in UTC where there is an offset; the infinities are the extremes.</summary>
    /// <returns>False for every other notation of time.</returns>
    public static bool TryParse(ReadOnlySpan<byte> text, out Int128 microseconds)
    {
        microseconds = 0;
        if (text.SequenceEqual("infinity"u8) || text.SequenceEqual("-infinity"u8))
        {
            microseconds = text[0] == '-' ? Int128.MinValue : Int128.MaxValue;
            return true;
        }

        var beforeChrist = text.EndsWith(" BC"u8);
        text = beforeChrist ? text[..^3] : text;
        if (!TryReadDate(ref text, beforeChrist, out var days))
        {
            return false;
        }

        var time = 0L;
        if (!text.IsEmpty && !TryReadTime(text, out time))
        {
            return false;
        }

        microseconds = ((Int128)days * SecondsPerDay * MicrosecondsPerSecond) + time;
        return true;
    }

    private static bool TryReadDate(ref ReadOnlySpan<byte> text, bool beforeChrist, out long days)
    {
        days = 0;
        if (!TryReadNumber(ref text, minDigits: 4, maxDigits: 7, out var year) || !TryTake(ref text, (byte)'-')
            || !TryReadNumber(ref text, 2, 2, out var month) || !TryTake(ref text, (byte)'-') || !TryReadNumber(ref text, 2, 2, out var day))
        {
            return false;
        }

        days = DaysSince2000(beforeChrist ? 1 - year : year, month, day);
        return true;
    }

    // ' HH:MM:SS[.ffffff][±HH[:MM[:SS]]]'
    private static bool TryReadTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (!TryTake(ref text, (byte)' ') || !TryReadNumber(ref text, 2, 2, out var hours) || !TryTake(ref text, (byte)':')
            || !TryReadNumber(ref text, 2, 2, out var minutes) || !TryTake(ref text, (byte)':') || !TryReadNumber(ref text, 2, 2, out var seconds))
        {
            return false;
        }

        var fraction = 0L;
        if (TryTake(ref text, (byte)'.'))
        {
            var digits = text.Length;
            if (!TryReadNumber(ref text, 1, 6, out fraction))
            {
                return false;
            }

            for (digits -= text.Length; digits < 6; digits++)
            {
                fraction *= 10;
            }
        }

        if (!TryReadOffset(text, out var offset))
        {
            return false;
        }

        microseconds = ((((((hours * 60) + minutes) * 60) + seconds) - offset) * MicrosecondsPerSecond) + fraction;
        return true;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> text, out long seconds)
    {
        seconds = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        var sign = text[0] switch { (byte)'+' => 1, (byte)'-' => -1, _ => 0 };
        text = text[1..];
        if (sign == 0 || !TryReadNumber(ref text, 2, 2, out var hours))
        {
            return false;
        }

        var (minutes, rest) = (0L, 0L);
        if ((TryTake(ref text, (byte)':') && !TryReadNumber(ref text, 2, 2, out minutes))
            || (TryTake(ref text, (byte)':') && !TryReadNumber(ref text, 2, 2, out rest)))
        {
            return false;
        }

        seconds = sign * ((((hours * 60) + minutes) * 60) + rest);
        return text.IsEmpty;
    }

    // Proleptic Gregorian calendar with a year 0; a year that starts in March puts the leap day last.
    private static long DaysSince2000(long year, long month, long day)
    {
        const long DaysFromMarch0To2000 = 730_425;
        year -= month <= 2 ? 1 : 0;
        var era = (year >= 0 ? year : year - 399) / 400;
        var yearOfEra = year - (era * 400);
        var dayOfYear = (((153 * (month + (month > 2 ? -3 : 9))) + 2) / 5) + day - 1;
        return (era * 146_097) + (yearOfEra * 365) + (yearOfEra / 4) - (yearOfEra / 100) + dayOfYear - DaysFromMarch0To2000;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> text, int minDigits, int maxDigits, out long number)
    {
        var digits = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? text.Length : digits;
        number = 0;
        if (digits < minDigits || digits > maxDigits || !Utf8Parser.TryParse(text[..digits], out number, out _))
        {
            return false;
        }

        text = text[digits..];
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> text, byte expected)
    {
        if (text.IsEmpty || text[0] != expected)
        {
            return false;
        }

        text = text[1..];
        return true;
    }
}
