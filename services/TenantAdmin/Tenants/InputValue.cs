using System.Globalization;
using System.Text.Json;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>Reads single JSON values the way the columns take them (http-api.md 7.2).</summary>
internal static class InputValue
{
    /// <summary>Null, and every empty or blank string.</summary>
    public static bool IsNull(JsonElement value) =>
        value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined
        || (value.ValueKind == JsonValueKind.String && string.IsNullOrWhiteSpace(value.GetString()));

    /// <summary>Reads a value that is not null.</summary>
    /// <param name="kind">What the field takes.</param>
    /// <param name="value">What was sent.</param>
    /// <param name="result">A <see cref="string"/>, <see cref="int"/> or <see cref="bool"/>; JSON objects as their text.</param>
    /// <returns><see langword="false"/> for a value the field cannot take.</returns>
    public static bool TryRead(FieldKind kind, JsonElement value, out object? result)
    {
        result = kind switch
        {
            FieldKind.Text or FieldKind.Secret when value.ValueKind == JsonValueKind.String && StorableJson.IsStorable(value) => value.GetString(),
            FieldKind.Adapter when value.ValueKind == JsonValueKind.String && TenantField.Adapters.Contains(value.GetString()!) => value.GetString(),
            FieldKind.Integer when value.ValueKind is JsonValueKind.Number or JsonValueKind.String && TryReadDigits(Digits(value), out var number) => number,
            FieldKind.Boolean => ReadBoolean(value),
            FieldKind.Json when value.ValueKind == JsonValueKind.Object && StorableJson.IsStorable(value) => value.GetRawText(),
            _ => null,
        };
        return result is not null;
    }

    /// <summary>Decimal digits with an optional sign, within 32 bits.</summary>
    public static bool TryReadDigits(string text, out int number) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    private static string Digits(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetRawText() : value.GetString()!;

    private static object? ReadBoolean(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString() switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            _ => null,
        },
        _ => null,
    };
}
