using System.Globalization;
using System.Text.Json;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin.Api;

/// <summary>Writes tenants as the management API shows them: exactly the keys of http-api.md 7.1, secrets as stored, no password.</summary>
internal static class TenantView
{
    /// <summary><c>{"data":{…}}</c></summary>
    public static void WriteOne(Utf8JsonWriter writer, StoredTenant tenant)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("data");
        Write(writer, tenant);
        writer.WriteEndObject();
    }

    /// <summary><c>{"data":[…]}</c></summary>
    public static void WriteAll(Utf8JsonWriter writer, IEnumerable<StoredTenant> tenants)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("data");
        foreach (var tenant in tenants)
        {
            Write(writer, tenant);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary><c>{"data":{"healthy":…}}</c></summary>
    public static void WriteHealth(Utf8JsonWriter writer, TenantHealth health, string? region, string node)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("data");
        writer.WriteBoolean("healthy", health.IsHealthy);
        writer.WriteBoolean("db_connected", health.Runtime.DatabaseConnected);
        writer.WriteBoolean("replication_connected", health.Runtime.ReplicationConnected);
        writer.WriteNumber("connected_cluster", health.ConnectedUsers);
        writer.WriteString("region", region);
        writer.WriteString("node", node);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, StoredTenant tenant)
    {
        writer.WriteStartObject();
        writer.WriteString("id", tenant.Id);
        writer.WriteString("external_id", tenant.ExternalId);
        writer.WriteString("name", tenant.Name);
        writer.WriteNumber("max_concurrent_users", tenant.MaxConcurrentUsers);
        writer.WriteNumber("max_channels_per_client", tenant.MaxChannelsPerClient);
        writer.WriteNumber("max_events_per_second", tenant.MaxEventsPerSecond);
        writer.WriteNumber("max_joins_per_second", tenant.MaxJoinsPerSecond);
        writer.WriteString("inserted_at", Timestamp(tenant.InsertedAt));
        writer.WriteStartArray("extensions");
        foreach (var extension in tenant.Extensions)
        {
            Write(writer, extension);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("private_only", tenant.PrivateOnly);
        WriteNumber(writer, "max_client_presence_events_per_window", tenant.MaxClientPresenceEventsPerWindow);
        WriteNumber(writer, "client_presence_window_ms", tenant.ClientPresenceWindowMs);
        writer.WriteBoolean("presence_enabled", tenant.PresenceEnabled);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, StoredExtension extension)
    {
        writer.WriteStartObject();
        writer.WriteString("type", extension.Type);
        writer.WriteStartObject("settings");
        foreach (var (key, value) in ExtensionSettings.Parse(extension.Settings).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (key != ExtensionSettings.Password)
            {
                writer.WritePropertyName(key);
                value.WriteTo(writer);
            }
        }

        writer.WriteEndObject();
        writer.WriteString("inserted_at", Timestamp(extension.InsertedAt));
        writer.WriteString("updated_at", Timestamp(extension.UpdatedAt));
        writer.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    // UTC without saying so: clients depend on the missing suffix.
    private static string Timestamp(DateTime time) => time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
}
