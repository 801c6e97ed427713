using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

namespace Realtime.Protocol.Broadcasts;

/// <summary>The size of a payload as tenant limits count it: that of a binary term, not of the JSON text (http-api.md 8.3, protocol.md 5.4).</summary>
/// <remarks>
/// <code>
/// size(payload) = 1 + s(payload)
/// s(object)  = 5 + Σ (s(key) + s(value))      s(string) = 5 + UTF-8 length
/// s(array)   = 1 if empty, 3 + n if all n ≤ 65535 elements are integers 0..255, else 6 + Σ s(element)
/// s(integer) = 2 (0..255), 5 (fits 32-bit signed), else 3 + magnitude bytes (6 + them if more than 255)
/// s(number with fraction or exponent) = 9     s(true) = 6     s(false) = 7     s(null) = 5
/// </code>
/// Runs over the text once, without recursion and with constant memory. A repeated member counts each time.
/// </remarks>
public static class PayloadSize
{
    private const int MaxByteListLength = 65_535;
    private const int ExactDigits = 1_000;
    private const int LeadingDigits = 17;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    /// <summary>The size of a JSON value.</summary>
    /// <exception cref="JsonException"><paramref name="json"/> is not valid JSON.</exception>
    public static long Measure(ReadOnlySpan<byte> json) => Measure(json, long.MaxValue);

    /// <summary>Whether the size of a JSON value is over the limit, in bytes. Usually decided by the length of the text alone.</summary>
    /// <exception cref="JsonException"><paramref name="json"/> had to be read and is not valid JSON.</exception>
    public static bool Exceeds(ReadOnlySpan<byte> json, long limit) => MaxOf(json.Length) > limit && Measure(json, limit) > limit;

    /// <summary>Whether opaque bytes are over the limit.</summary>
    public static bool BytesExceed(long length, long limit) => 1 + 5 + length > limit;

    // No value is larger than three times its text. The worst is [[[…]]], 6 for two characters; numbers such as 1e3 have 9 for three.
    private static long MaxOf(int textLength) => 1 + (3L * textLength);

    private static long Measure(ReadOnlySpan<byte> json, long enough)
    {
        var reader = new Utf8JsonReader(json, Options);
        var size = 1L;

        // Number of elements of the innermost array while all of them are small integers, else -1. Its kind is only known at its
        // end, but whatever begins inside it settles the kind: so there is never more than one open question.
        var smallIntegers = -1L;
        while (size <= enough && reader.Read())
        {
            if (smallIntegers >= 0)
            {
                if (reader.TokenType == JsonTokenType.Number && IsSmallInteger(reader.ValueSpan))
                {
                    smallIntegers++;
                    continue;
                }

                if (reader.TokenType == JsonTokenType.EndArray)
                {
                    size += SizeOfByteList(smallIntegers);
                    smallIntegers = -1;
                    continue;
                }

                size += 6 + (2 * smallIntegers);
                smallIntegers = -1;
            }

            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    smallIntegers = 0;
                    break;
                case JsonTokenType.StartObject:
                    size += 5;
                    break;
                case JsonTokenType.PropertyName:
                case JsonTokenType.String:
                    size += 5 + (reader.ValueIsEscaped ? UnescapedLength(reader.ValueSpan) : reader.ValueSpan.Length);
                    break;
                case JsonTokenType.Number:
                    size += SizeOfNumber(reader.ValueSpan);
                    break;
                case JsonTokenType.True:
                    size += 6;
                    break;
                case JsonTokenType.False:
                    size += 7;
                    break;
                case JsonTokenType.Null:
                    size += 5;
                    break;
            }
        }

        return size;
    }

    private static long SizeOfByteList(long count) => count switch
    {
        0 => 1,
        <= MaxByteListLength => 3 + count,
        _ => 6 + (2 * count),
    };

    private static bool IsSmallInteger(ReadOnlySpan<byte> number) => number switch
    {
        [_] => true,
        [(byte)'-', (byte)'0'] => true,
        [(byte)'-', ..] => false,
        _ => number.Length <= 3 && !IsFloat(number) && int.Parse(number, CultureInfo.InvariantCulture) <= byte.MaxValue,
    };

    private static bool IsFloat(ReadOnlySpan<byte> number) => number.ContainsAny(".eE"u8);

    private static long SizeOfNumber(ReadOnlySpan<byte> number)
    {
        if (IsFloat(number))
        {
            return 9;
        }

        if (IsSmallInteger(number))
        {
            return 2;
        }

        if (int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
        {
            return 5;
        }

        var bytes = MagnitudeBytes(number[0] == (byte)'-' ? number[1..] : number);
        return bytes > byte.MaxValue ? 6 + bytes : 3 + bytes;
    }

    // Parsing a number of a million digits takes seconds; its logarithm tells its length with an error far below one byte.
    private static long MagnitudeBytes(ReadOnlySpan<byte> digits)
    {
        if (digits.Length <= ExactDigits)
        {
            Span<char> text = stackalloc char[digits.Length];
            Ascii.ToUtf16(digits, text, out _);
            return BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture).GetByteCount(isUnsigned: true);
        }

        var leading = double.Parse(digits[..LeadingDigits], CultureInfo.InvariantCulture);
        var bits = Math.Log2(leading) + ((digits.Length - LeadingDigits) * Math.Log2(10));
        return (long)(bits / 8) + 1;
    }

    // \uXXXX of one half of a surrogate pair stands for two of the four bytes of its character; other escapes are one character.
    private static long UnescapedLength(ReadOnlySpan<byte> escaped)
    {
        var length = 0L;
        while (escaped.IndexOf((byte)'\\') is var at and >= 0)
        {
            length += at;
            escaped = escaped[at..];
            if (escaped[1] != (byte)'u')
            {
                length++;
                escaped = escaped[2..];
                continue;
            }

            length += ushort.Parse(escaped.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) switch
            {
                < 0x80 => 1,
                < 0x800 => 2,
                >= 0xD800 and <= 0xDFFF => 2,
                _ => 3,
            };
            escaped = escaped[6..];
        }

        return length + escaped.Length;
    }
}
