using System.Text.Json;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>A tenant as it was sent: only what was given, read but not yet compared with anything stored.</summary>
internal sealed class TenantInput
{
    /// <summary>Longest name; a longer one would not fit into its index.</summary>
    public const int MaxExternalIdLength = 255;

    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    private TenantInput()
    {
    }

    /// <summary>What is wrong with it.</summary>
    public TenantErrors Errors { get; } = new();

    /// <summary>The given extensions; null when the field was absent or is wrong.</summary>
    public IReadOnlyList<ExtensionInput>? Extensions { get; private set; }

    /// <summary>Whether extensions were given, rightly or not.</summary>
    public bool HasExtensions { get; private set; }

    /// <summary>Reads the fields of an object whose texts are well-formed; <c>external_id</c> apart (<see cref="ReadExternalId"/>).</summary>
    /// <param name="tenant">The JSON object.</param>
    /// <param name="dropIncomplete">
    /// Leave out elements of <c>extensions</c> that lack <c>type</c> or <c>settings</c>, as creation does (http-api.md 7.3).
    /// </param>
    public static TenantInput Read(JsonElement tenant, bool dropIncomplete = false)
    {
        var input = new TenantInput();
        foreach (var field in TenantField.All)
        {
            if (tenant.TryGetProperty(field.Name, out var value))
            {
                input.ReadField(field, value);
            }
        }

        if (tenant.TryGetProperty("extensions", out var extensions))
        {
            input.ReadExtensions(extensions, dropIncomplete);
        }

        return input;
    }

    /// <summary>The given <c>external_id</c>; null, with an error noted, when it is blank or wrong.</summary>
    public string? ReadExternalId(JsonElement tenant)
    {
        var error = !tenant.TryGetProperty("external_id", out var value) || InputValue.IsNull(value) ? TenantErrors.Blank
            : !InputValue.TryRead(FieldKind.Text, value, out _) ? TenantErrors.Invalid
            : value.GetString()!.Length > MaxExternalIdLength ? TenantErrors.TooLong
            : null;
        if (error is null)
        {
            return value.GetString();
        }

        Errors.Add("external_id", error);
        return null;
    }

    /// <summary>Whether the field was given; its value may be null.</summary>
    public bool TryGet(TenantField field, out object? value) => _values.TryGetValue(field.Name, out value);

    private void ReadField(TenantField field, JsonElement value)
    {
        if (InputValue.IsNull(value))
        {
            _values[field.Name] = null;
        }
        else if (InputValue.TryRead(field.Kind, value, out var read))
        {
            _values[field.Name] = read;
        }
        else
        {
            Errors.Add(field.Name, TenantErrors.Invalid);
        }
    }

    private void ReadExtensions(JsonElement extensions, bool dropIncomplete)
    {
        HasExtensions = true;
        if (ExtensionInput.ReadList(extensions) is not { } elements)
        {
            Errors.Add("extensions", TenantErrors.Invalid);
            return;
        }

        var read = elements
            .Where(element => !dropIncomplete || (element.TryGetProperty("type", out _) && element.TryGetProperty("settings", out _)))
            .Select(ExtensionInput.Read).ToList();
        Extensions = [.. read.Select(pair => pair.Extension)];
        Errors.SetExtensions([.. read.Select(pair => pair.Errors)]);
    }
}
