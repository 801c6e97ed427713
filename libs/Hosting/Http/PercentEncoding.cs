using System.Globalization;
using System.Text;

namespace Realtime.Hosting.Http;

/// <summary>Percent-encoded text as bytes, so that the caller decides what bytes that are no UTF-8 mean. A plus sign is a plus sign.</summary>
public static class PercentEncoding
{
    /// <returns>The bytes, or null when a percent sign is not followed by two hexadecimal digits.</returns>
    public static byte[]? Decode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        while (text.IndexOf('%') is var percent and >= 0)
        {
            length += Encoding.UTF8.GetBytes(text[..percent], bytes.AsSpan(length));
            if (text.Length < percent + 3
                || !byte.TryParse(text.Slice(percent + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                return null;
            }

            bytes[length++] = value;
            text = text[(percent + 3)..];
        }

        length += Encoding.UTF8.GetBytes(text, bytes.AsSpan(length));
        return bytes[..length];
    }
}
