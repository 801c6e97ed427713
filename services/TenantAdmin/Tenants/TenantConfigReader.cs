using System.Globalization;
using System.Text.Json;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>Turns stored rows into what the services work with, secrets decrypted.</summary>
internal sealed class TenantConfigReader(SecretCipher cipher)
{
    /// <exception cref="TenantUnreadableException">A secret cannot be decrypted, or the database settings make no sense.</exception>
    public TenantConfig Read(StoredTenant stored)
    {
        var id = new TenantId(stored.ExternalId);
        try
        {
            return new TenantConfig
            {
                Id = id,
                // An empty key would let everybody sign, so it counts as none.
                JwtSecret = stored.JwtSecret is { } secret && cipher.Decrypt(secret) is { Length: > 0 } plaintext ? plaintext : null,
                JwtJwks = stored.JwtJwks,
                Suspended = stored.Suspend ?? false,
                PrivateOnly = stored.PrivateOnly,
                PresenceEnabled = stored.PresenceEnabled,
                Limits = ReadLimits(stored),
                Database = ReadDatabase(id, stored),
            };
        }
        catch (SecretUnreadableException e)
        {
            throw new TenantUnreadableException(id, e.Message, e);
        }
    }

    private static TenantLimits ReadLimits(StoredTenant stored) => new()
    {
        MaxConcurrentUsers = stored.MaxConcurrentUsers,
        MaxEventsPerSecond = stored.MaxEventsPerSecond,
        MaxJoinsPerSecond = stored.MaxJoinsPerSecond,
        MaxChannelsPerClient = stored.MaxChannelsPerClient,
        MaxPresenceEventsPerSecond = stored.MaxPresenceEventsPerSecond ?? 1000,
        MaxPayloadKilobytes = stored.MaxPayloadSizeInKb ?? 3000,
        MaxClientPresenceCalls = stored.MaxClientPresenceEventsPerWindow is > 0 and { } calls ? calls : null,
        ClientPresenceWindow = stored.ClientPresenceWindowMs is > 0 and { } window ? TimeSpan.FromMilliseconds(window) : null,
    };

    private TenantDatabase? ReadDatabase(TenantId id, StoredTenant stored)
    {
        if (stored.Extensions.FirstOrDefault(extension => extension.Type == ExtensionSettings.PostgresChanges) is not { } extension)
        {
            return null;
        }

        var settings = ExtensionSettings.Decrypt(extension.Type, extension.Settings, cipher);
        var defaults = new TenantDatabase { Host = "", Port = 0, Name = "", User = "", Password = "" };
        var port = Required("db_port");
        return new TenantDatabase
        {
            Host = Required("db_host"),
            Port = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65_535
                ? number
                : throw new TenantUnreadableException(id, "db_port is not a port number"),
            Name = Required("db_name"),
            User = Required("db_user"),
            Password = Required(ExtensionSettings.Password),
            Region = Text("region") ?? "",
            SslEnforced = !settings.TryGetValue("ssl_enforced", out var ssl) || ssl.ValueKind != JsonValueKind.False,
            Publication = Text("publication") ?? defaults.Publication,
            SlotName = Text("slot_name") ?? defaults.SlotName,
            PoolSize = Positive("db_pool") ?? defaults.PoolSize,
            SubscriberPoolSize = Positive("subcriber_pool_size") ?? defaults.SubscriberPoolSize,
            QueueTarget = Positive("db_queue_target") is { } target ? TimeSpan.FromMilliseconds(target) : defaults.QueueTarget,
            MaxRecordBytes = Positive("poll_max_record_bytes") ?? defaults.MaxRecordBytes,
            DurableSlot = Text("slot_mode") == "durable",
        };

        string Required(string key) => Text(key) ?? throw new TenantUnreadableException(id, $"{key} is missing or not a text");

        string? Text(string key) =>
            settings.TryGetValue(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        // Stored by the reference as integers; rows written by hand may hold digits in a text.
        int? Positive(string key) => settings.TryGetValue(key, out var value)
            && int.TryParse(value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0 ? number : null;
    }
}
