using System.Globalization;
using System.Text.Json;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>Tells which texts and JSON values PostgreSQL can hold, so that hostile input is refused before a statement fails on it.</summary>
internal static class StorableJson
{
    private const int MaxNumberLength = 100;
    private const int MaxExponent = 400;

    /// <summary>Whether a text column can hold it: everything but the zero character and broken surrogate pairs.</summary>
    public static bool IsStorable(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            if (text[i] == '\0' || (char.IsSurrogate(text[i]) && !pair))
            {
                return false;
            }

            i += pair ? 1 : 0;
        }

        return true;
    }

    /// <summary>Whether <c>jsonb</c> can hold it, names and nested values included. Its escapes must be whole characters, as those of a request body are.</summary>
    public static bool IsStorable(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => IsStorable(element.GetString()!),
        JsonValueKind.Number => IsStorableNumber(element.GetRawText()),
        JsonValueKind.Array => element.EnumerateArray().All(IsStorable),
        JsonValueKind.Object => element.EnumerateObject().All(p => IsStorable(p.Name) && IsStorable(p.Value)),
        _ => true,
    };

    // Far inside what numeric can hold (131,072 digits before the point, 16,383 after it).
    private static bool IsStorableNumber(string text)
    {
        var exponent = text.AsSpan(text.AsSpan().IndexOfAny('e', 'E') + 1);
        return text.Length <= MaxNumberLength
            && (exponent.Length == text.Length
                || (int.TryParse(exponent, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && Math.Abs((long)value) <= MaxExponent));
    }
}
