using System.Text.Json;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>What is wrong with a tenant that was sent: texts by field, and for extensions by element (http-api.md 7.4).</summary>
internal sealed class TenantErrors
{
    public const string Blank = "can't be blank";
    public const string Invalid = "is invalid";
    public const string Taken = "has already been taken";
    public const string Fixed = "can't be changed";
    public const string TooLong = "should be at most 255 character(s)";
    public const string NoSecret = "either jwt_secret or jwt_jwks must be provided";

    private readonly Dictionary<string, List<string>> _fields = new(StringComparer.Ordinal);
    private IReadOnlyList<ExtensionErrors> _extensions = [];

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsEmpty => _fields.Count == 0 && _extensions.All(errors => errors.IsEmpty);

    /// <summary>Empty elements written before those of the extensions: one for each stored extension that would be replaced.</summary>
    public int ReplacedExtensions { get; set; }

    public void Add(string field, string text)
    {
        if (!_fields.TryGetValue(field, out var texts))
        {
            _fields[field] = texts = [];
        }

        texts.Add(text);
    }

    /// <summary>Sets the errors of the extensions, parallel to what was given.</summary>
    public void SetExtensions(IReadOnlyList<ExtensionErrors> errors) => _extensions = errors;

    /// <summary>Writes <c>{"errors":{…}}</c>.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("errors");
        foreach (var (field, texts) in _fields)
        {
            WriteTexts(writer, field, texts);
        }

        if (_extensions.Any(errors => !errors.IsEmpty))
        {
            writer.WriteStartArray("extensions");
            for (var i = 0; i < ReplacedExtensions; i++)
            {
                writer.WriteStartObject();
                writer.WriteEndObject();
            }

            foreach (var errors in _extensions)
            {
                WriteExtension(writer, errors);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteExtension(Utf8JsonWriter writer, ExtensionErrors errors)
    {
        writer.WriteStartObject();
        if (errors.Type is { } type)
        {
            WriteTexts(writer, "type", [type]);
        }

        if (errors.Settings.Count > 0)
        {
            WriteTexts(writer, "settings", errors.Settings);
        }

        if (errors.IsSecondOfType)
        {
            WriteTexts(writer, "tenant_external_id", [Taken]);
        }

        writer.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}

/// <summary>What is wrong with one extension.</summary>
/// <param name="Type">Text about its type; null when it is right.</param>
/// <param name="Settings">Texts about its settings.</param>
/// <param name="IsSecondOfType">An extension before it has the same type.</param>
internal sealed record ExtensionErrors(string? Type, IReadOnlyList<string> Settings, bool IsSecondOfType = false)
{
    public static readonly ExtensionErrors None = new(null, []);

    public bool IsEmpty => Type is null && Settings.Count == 0 && !IsSecondOfType;
}
