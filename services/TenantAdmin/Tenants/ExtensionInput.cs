using System.Text.Json;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>An extension as it was sent, with defaults and in plaintext (http-api.md 7.3).</summary>
internal sealed record ExtensionInput(string? Type, Dictionary<string, JsonElement> Settings)
{
    private const int MaxTypeLength = 255;

    /// <summary>
    /// The elements of a list; an object whose names are all numbers is a list in their order. Null for anything else.
    /// </summary>
    public static IReadOnlyList<JsonElement>? ReadList(JsonElement extensions)
    {
        IReadOnlyList<JsonElement>? elements = extensions.ValueKind switch
        {
            JsonValueKind.Array => [.. extensions.EnumerateArray()],
            JsonValueKind.Object => ReadNumbered(extensions),
            _ => null,
        };
        return elements is not null && elements.All(element => element.ValueKind == JsonValueKind.Object) ? elements : null;
    }

    /// <summary>Reads one element of the list.</summary>
    /// <returns>The extension, and what is wrong with it.</returns>
    public static (ExtensionInput Extension, ExtensionErrors Errors) Read(JsonElement element)
    {
        var typeError = ReadType(element, out var type);
        if (!element.TryGetProperty("settings", out var given) || InputValue.IsNull(given))
        {
            return (new ExtensionInput(type, []), new ExtensionErrors(typeError, [TenantErrors.Blank]));
        }

        if (given.ValueKind != JsonValueKind.Object || !StorableJson.IsStorable(given))
        {
            return (new ExtensionInput(type, []), new ExtensionErrors(typeError, [TenantErrors.Invalid]));
        }

        var settings = ExtensionSettings.FromInput(type, given);
        var mistakes = type == ExtensionSettings.PostgresChanges ? ExtensionSettings.FindMistakes(settings) : [];
        return (new ExtensionInput(type, settings), new ExtensionErrors(typeError, mistakes));
    }

    /// <summary>Marks the first extension whose type an earlier one has; there is one of each type.</summary>
    public static IReadOnlyList<ExtensionErrors> FindSecondOfType(IReadOnlyList<ExtensionInput> extensions)
    {
        var errors = Enumerable.Repeat(ExtensionErrors.None, extensions.Count).ToArray();
        var seen = new HashSet<string?>(StringComparer.Ordinal);
        for (var i = 0; i < extensions.Count; i++)
        {
            if (!seen.Add(extensions[i].Type))
            {
                errors[i] = ExtensionErrors.None with { IsSecondOfType = true };
                break;
            }
        }

        return errors;
    }

    private static string? ReadType(JsonElement element, out string? type)
    {
        type = null;
        if (!element.TryGetProperty("type", out var given) || InputValue.IsNull(given))
        {
            return TenantErrors.Blank;
        }

        if (given.ValueKind != JsonValueKind.String || !StorableJson.IsStorable(given))
        {
            return TenantErrors.Invalid;
        }

        type = given.GetString();
        type = type == ExtensionSettings.PostgresChangesAlias ? ExtensionSettings.PostgresChanges : type;
        return type!.Length > MaxTypeLength ? TenantErrors.TooLong : null;
    }

    private static List<JsonElement>? ReadNumbered(JsonElement extensions)
    {
        var numbered = new SortedList<int, JsonElement>();
        foreach (var property in extensions.EnumerateObject())
        {
            if (!InputValue.TryReadDigits(property.Name, out var number) || !numbered.TryAdd(number, property.Value))
            {
                return null;
            }
        }

        return numbered.Count == 0 ? null : [.. numbered.Values];
    }
}
