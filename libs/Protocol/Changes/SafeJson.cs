using System.Text;
using System.Text.Json;

namespace Realtime.Protocol.Changes;

/// <summary>Reads strings of parsed JSON that may hold half of a surrogate pair or bytes that are no UTF-8, without throwing.</summary>
internal static class SafeJson
{
    /// <summary>The string, with the replacement character where it is no text.</summary>
    public static string Text(JsonElement value)
    {
        try
        {
            return value.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return value.GetRawText().Trim('"');
        }
    }

    /// <summary>The member of that name, the last one if there are several; undefined when there is none.</summary>
    public static JsonElement Member(JsonElement value, string name)
    {
        try
        {
            return value.TryGetProperty(name, out var member) ? member : default;
        }
        catch (InvalidOperationException)
        {
            return Members(value).GetValueOrDefault(name);
        }
    }

    /// <summary>The members of an object by name, the last of each name, sorted by the bytes of the names.</summary>
    public static SortedDictionary<string, JsonElement> Members(JsonElement value)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            members[Name(property)] = property.Value;
        }

        return members;
    }

    private static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            // Without a readable name it is no member we know; the text only has to be the same each time.
            return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(property.ToString()));
        }
    }
}
