using System.Text.Json;

namespace Realtime.Broadcast.Batches;

/// <summary>One member of a JSON object as it stands in the text; the default value is an absent one.</summary>
/// <param name="Kind">First token of the value; <see cref="JsonTokenType.None"/> when absent.</param>
/// <param name="Json">The value's text without blanks around it.</param>
internal readonly record struct JsonField(JsonTokenType Kind, ReadOnlyMemory<byte> Json)
{
    /// <summary>Absent, null, or a string of white space only: all of them count as not given.</summary>
    public bool IsBlank => Kind switch
    {
        JsonTokenType.None or JsonTokenType.Null => true,
        JsonTokenType.String => Json.Span[1] is not (> (byte)' ' and < 0x7F and not (byte)'\\' and not (byte)'"') && string.IsNullOrWhiteSpace(Text()),
        _ => false,
    };

    /// <summary><c>true</c>, <c>"true"</c>, <c>"1"</c> and their opposites; null for anything else.</summary>
    public bool? Boolean => Kind switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.String => Text() switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            _ => null,
        },
        _ => null,
    };

    /// <summary>The unescaped value of a string.</summary>
    public string Text()
    {
        var reader = new Utf8JsonReader(Json.Span);
        reader.Read();
        return reader.GetString()!;
    }
}
