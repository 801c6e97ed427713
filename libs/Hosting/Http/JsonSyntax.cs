using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Realtime.Hosting.Http;

/// <summary>Checks that bytes are one JSON value that any parser takes: of any depth, in valid UTF-8, without halves of surrogate pairs.</summary>
internal static class JsonSyntax
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    public static bool IsValid(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        var reader = new Utf8JsonReader(json, Options);
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped && !HasWholeCharacters(reader.ValueSpan))
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // The reader has checked that each backslash begins a complete escape.
    private static bool HasWholeCharacters(ReadOnlySpan<byte> escaped)
    {
        while (escaped.IndexOf((byte)'\\') is var at and >= 0)
        {
            escaped = escaped[at..];
            if (escaped[1] != (byte)'u')
            {
                escaped = escaped[2..];
                continue;
            }

            var unit = CodeUnit(escaped);
            escaped = escaped[6..];
            if (char.IsLowSurrogate(unit))
            {
                return false;
            }

            if (char.IsHighSurrogate(unit))
            {
                if (escaped is not [(byte)'\\', (byte)'u', ..] || !char.IsLowSurrogate(CodeUnit(escaped)))
                {
                    return false;
                }

                escaped = escaped[6..];
            }
        }

        return true;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
