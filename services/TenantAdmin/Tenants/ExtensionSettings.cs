using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>The settings of a <c>postgres_cdc_rls</c> extension: defaults, required keys, secrets (control-database.md section 8).</summary>
internal static class ExtensionSettings
{
    /// <summary>The one type that has a meaning.</summary>
    public const string PostgresChanges = "postgres_cdc_rls";

    /// <summary>Its older name, accepted on input.</summary>
    public const string PostgresChangesAlias = "postgres";

    /// <summary>Never shown by the API.</summary>
    public const string Password = "db_password";

    /// <summary>Strings that are encrypted at rest, in the order in which mistakes are reported.</summary>
    public static readonly IReadOnlyList<string> SecretKeys = [Password, "db_user", "db_name", "db_port", "db_host"];

    /// <summary>Strings that must be given, in the order in which mistakes are reported.</summary>
    public static readonly IReadOnlyList<string> RequiredKeys = [.. SecretKeys, "region"];

    private const string PoolKey = "subcriber_pool_size"; // the spelling is part of the contract
    private const string PoolAlias = "postgres_changes_pool";

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, JsonElement> Defaults = new(StringComparer.Ordinal)
    {
        ["publication"] = Element("supabase_realtime"),
        ["slot_name"] = Element("supabase_realtime_replication_slot"),
        ["poll_interval_ms"] = Element(100),
        ["poll_max_changes"] = Element(100),
        ["poll_max_record_bytes"] = Element(1_048_576),
    };

    /// <summary>What was sent, with the public alias translated and, for the known type, defaults under it.</summary>
    public static Dictionary<string, JsonElement> FromInput(string? type, JsonElement settings)
    {
        var result = type == PostgresChanges ? new Dictionary<string, JsonElement>(Defaults, StringComparer.Ordinal) : new(StringComparer.Ordinal);
        foreach (var property in settings.EnumerateObject())
        {
            result[property.Name] = property.Value;
        }

        if (result.Remove(PoolAlias, out var pool))
        {
            result[PoolKey] = pool;
        }

        return result;
    }

    /// <summary>What is missing or of the wrong type, one text for each; only null counts as missing.</summary>
    public static IReadOnlyList<string> FindMistakes(IReadOnlyDictionary<string, JsonElement> settings)
    {
        var mistakes = new List<string>();
        foreach (var key in RequiredKeys)
        {
            if (!settings.TryGetValue(key, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                mistakes.Add($"{key} can't be blank");
            }
            else if (value.ValueKind != JsonValueKind.String)
            {
                mistakes.Add($"{key} is invalid");
            }
        }

        return mistakes;
    }

    /// <summary>The JSON text to store.</summary>
    public static string Encrypt(string? type, IReadOnlyDictionary<string, JsonElement> settings, SecretCipher cipher) =>
        Write(Map(type, settings, cipher.Encrypt));

    /// <summary>Stored settings with their secrets readable. Anything but an object has no settings.</summary>
    /// <exception cref="SecretUnreadableException">A secret cannot be decrypted.</exception>
    public static Dictionary<string, JsonElement> Decrypt(string? type, string? settings, SecretCipher cipher) =>
        Map(type, Parse(settings), cipher.Decrypt);

    /// <summary>Stored settings as they are. Anything but an object has no settings.</summary>
    public static Dictionary<string, JsonElement> Parse(string? settings)
    {
        var element = settings is null ? default : JsonElement.Parse(settings);
        return element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal)
            : new(StringComparer.Ordinal);
    }

    /// <summary>Whether a stored secret of this extension has the older format.</summary>
    public static bool HasLegacySecret(StoredExtension extension)
    {
        if (extension.Type != PostgresChanges)
        {
            return false;
        }

        var settings = Parse(extension.Settings);
        return SecretKeys.Any(key =>
            settings.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.String && SecretCipher.IsLegacy(value.GetString()!));
    }

    public static bool AreEqual(IReadOnlyDictionary<string, JsonElement> left, IReadOnlyDictionary<string, JsonElement> right) =>
        left.Count == right.Count
        && left.All(pair => right.TryGetValue(pair.Key, out var other) && JsonElement.DeepEquals(pair.Value, other));

    public static JsonElement Element<T>(T value) => JsonSerializer.SerializeToElement(value);

    private static Dictionary<string, JsonElement> Map(
        string? type, IReadOnlyDictionary<string, JsonElement> settings, Func<string, string> transform)
    {
        var result = new Dictionary<string, JsonElement>(settings, StringComparer.Ordinal);
        if (type == PostgresChanges)
        {
            foreach (var key in SecretKeys)
            {
                if (result.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.String)
                {
                    result[key] = Element(transform(value.GetString()!));
                }
            }
        }

        return result;
    }

    private static string Write(Dictionary<string, JsonElement> settings)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStartObject();
            foreach (var (key, value) in settings)
            {
                writer.WritePropertyName(key);
                value.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
