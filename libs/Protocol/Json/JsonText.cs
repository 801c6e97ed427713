using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Realtime.Protocol.Json;

/// <summary>Writes JSON by hand where the shape is fixed and the values are already UTF-8.</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    /// <summary>Writes a string value with quotes. <paramref name="text"/> must be valid UTF-8.</summary>
    public static void WriteString(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        if (text.IndexOfAny(MustEscape) < 0)
        {
            output.Write(text);
        }
        else
        {
            output.Write(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        }

        output.Write("\""u8);
    }

    /// <summary>A string as a JSON value with quotes; for short names that are needed as JSON later.</summary>
    public static byte[] StringOf(ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAny(MustEscape) >= 0)
        {
            var output = new ArrayBufferWriter<byte>();
            WriteString(output, text);
            return output.WrittenSpan.ToArray();
        }

        var json = new byte[text.Length + 2];
        json[0] = json[^1] = (byte)'"';
        text.CopyTo(json.AsSpan(1));
        return json;
    }
}
