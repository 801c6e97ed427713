using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.FeatureFlags;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin.Seed;

/// <summary>Creates the tenant of a self-hosted installation at start (control-database.md section 14).</summary>
/// <remarks>
/// At later starts the tenant follows the environment in where its database is and which secret and key set sign its tokens, as far as
/// these are set there. Everything else stays as it is: its id, limits and other settings that an operator has changed.
/// </remarks>
internal sealed partial class SelfHostSeed(
    RealtimeSettings settings, TenantRegistry tenants, TenantMigrationRuns migrations, FlagResolver flags,
    ILogger<SelfHostSeed> logger)
{
    private const string PublicSecret = "super-secret-jwt-token-with-at-least-32-characters-long";

    /// <summary>Writes the tenant. A database that cannot be migrated is logged and does not stop the start.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await flags.UpsertAsync(new FeatureFlag("gcm_encryption_backfill", Enabled: true, RolloutPercentage: 100, BucketKey: null), cancellationToken);
        var externalId = settings.Tenants.SelfHostTenantName;
        var outcome = await WriteAsync(externalId, cancellationToken);
        if (outcome.Write is TenantWrite.Rejected)
        {
            outcome = await WriteAsync(externalId, cancellationToken); // another process may have created it in between
        }

        Report(new TenantId(externalId), outcome.Write switch
        {
            TenantWrite.Updated { Tenant: { Suspend: not true } tenant } => await migrations.RunAsync(tenant, cancellationToken),
            TenantWrite.Rejected => "SELF_HOST_TENANT_NAME is not usable as the name of a tenant",
            _ => outcome.MigrationFailure,
        });
    }

    private async ValueTask<TenantWriteOutcome> WriteAsync(string externalId, CancellationToken cancellationToken)
    {
        var stored = await tenants.FindAsync(externalId, cancellationToken);
        return await tenants.WriteAsync(externalId, Describe(stored), cancellationToken);
    }

    private void Report(TenantId tenant, string? failure)
    {
        if (failure is null)
        {
            Log.Succeeded(logger, tenant);
        }
        else
        {
            Log.Failed(logger, tenant, failure);
        }
    }

    private JsonElement Describe(StoredTenant? stored)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            WriteSecrets(writer, isNew: stored is null);
            writer.WriteStartArray("extensions");
            WritePostgresChanges(writer, StoredSettings(stored));
            WriteOthers(writer, stored);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return JsonElement.Parse(output.WrittenSpan);
    }

    private void WriteSecrets(Utf8JsonWriter writer, bool isNew)
    {
        if (settings.Tokens.ApiSecret is { } secret)
        {
            writer.WriteString("jwt_secret", secret);
        }
        else if (isNew)
        {
            Log.PublicSecret(logger);
            writer.WriteString("jwt_secret", PublicSecret);
        }

        if (settings.Tenants.SelfHostJwks is { } jwks)
        {
            writer.WritePropertyName("jwt_jwks");
            writer.WriteRawValue(jwks);
        }
    }

    // The environment wins in where the database is; of the rest, what is stored wins over what a new tenant gets.
    private void WritePostgresChanges(Utf8JsonWriter writer, Dictionary<string, JsonElement> stored)
    {
        var database = settings.ControlDatabase;
        var merged = new Dictionary<string, JsonElement>(StringComparer.Ordinal)
        {
            ["region"] = ExtensionSettings.Element("us-east-1"),
            ["ssl_enforced"] = ExtensionSettings.Element(false),
        };
        foreach (var (key, value) in stored)
        {
            merged[key] = value;
        }

        merged["db_host"] = ExtensionSettings.Element(database.Host);
        merged["db_port"] = ExtensionSettings.Element(database.Port.ToString(CultureInfo.InvariantCulture));
        merged["db_name"] = ExtensionSettings.Element(database.Name);
        merged["db_user"] = ExtensionSettings.Element(database.User);
        merged["db_password"] = ExtensionSettings.Element(database.Password);
        WriteExtension(writer, ExtensionSettings.PostgresChanges, merged);
    }

    private static void WriteOthers(Utf8JsonWriter writer, StoredTenant? stored)
    {
        foreach (var extension in stored?.Extensions ?? [])
        {
            if (extension is { Type: { } type, Settings: not null } && type != ExtensionSettings.PostgresChanges)
            {
                WriteExtension(writer, type, ExtensionSettings.Parse(extension.Settings));
            }
        }
    }

    private static void WriteExtension(Utf8JsonWriter writer, string type, Dictionary<string, JsonElement> settings)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteStartObject("settings");
        foreach (var (key, value) in settings)
        {
            writer.WritePropertyName(key);
            value.WriteTo(writer);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    // With the secrets as they are: those that count are replaced. So the seed also mends a tenant written with a lost key.
    private static Dictionary<string, JsonElement> StoredSettings(StoredTenant? stored) => ExtensionSettings.Parse(
        stored?.Extensions.FirstOrDefault(extension => extension.Type == ExtensionSettings.PostgresChanges)?.Settings);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Tenant set-up successfully: {Tenant}")]
        public static partial void Succeeded(ILogger logger, TenantId tenant);

        [LoggerMessage(2, LogLevel.Error, "Failed to set-up tenant: {Tenant}: {Reason}")]
        public static partial void Failed(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(3, LogLevel.Warning,
            "API_JWT_SECRET is not set: the tokens of the new tenant are signed with a secret that everybody knows. Set it before you open the server to others.")]
        public static partial void PublicSecret(ILogger logger);
    }
}
