using Npgsql;
using NpgsqlTypes;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.FeatureFlags;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin.Encryption;

/// <summary>Moves stored secrets to the newer cipher in the background, without a change that anybody notices (control-database.md section 10).</summary>
/// <remarks>
/// Every write applies only while the column still holds exactly what was read, so a concurrent change of the tenant always wins; the
/// tenant is then considered again at its next load.
/// </remarks>
internal sealed partial class SecretBackfill(
    ControlConnections connections, SecretCipher cipher, FlagResolver flags, TimeProvider time, ILogger<SecretBackfill> logger)
    : TenantWorkQueue(logger)
{
    private const string Flag = "gcm_encryption_backfill";

    private enum Outcome { Written, Changed, Missing }

    /// <summary>Queues the tenant when it has secrets to move. Never waits and never fails.</summary>
    public void Consider(StoredTenant stored)
    {
        if (cipher.WritesGcm && stored.GcmMigratedAt is null && HasLegacySecret(stored))
        {
            TryEnqueue(new TenantId(stored.ExternalId));
        }
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (await FindAsync(tenant, cancellationToken) is not { GcmMigratedAt: null } stored
            || !HasLegacySecret(stored)
            || !await flags.IsEnabledForAsync(Flag, stored.ExternalId, stored.FeatureFlags, cancellationToken))
        {
            return;
        }

        await using var connection = await connections.OpenAsync(cancellationToken);
        try
        {
            var outcome = await ReencryptAsync(connection, stored, cancellationToken);
            if (outcome == Outcome.Written)
            {
                await TenantRows.UpdateAsync(
                    connection, stored.Id, [new("gcm_migrated_at", NpgsqlDbType.Timestamp, ControlClock.Now(time))], cancellationToken);
                Log.Moved(logger, tenant);
            }
            else
            {
                Log.Lost(logger, tenant, outcome == Outcome.Missing ? "missing" : "changed");
            }
        }
        catch (SecretUnreadableException e)
        {
            Log.Lost(logger, tenant, e.Message);
        }
    }

    private static bool HasLegacySecret(StoredTenant stored) =>
        stored.JwtSecret is { } secret && SecretCipher.IsLegacy(secret) || stored.Extensions.Any(ExtensionSettings.HasLegacySecret);

    // Gives its connection back before the flag is looked up: the pool may hold a single one.
    private async Task<StoredTenant?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        return await TenantRows.FindAsync(connection, tenant.Value, cancellationToken);
    }

    private async Task<Outcome> ReencryptAsync(NpgsqlConnection connection, StoredTenant stored, CancellationToken cancellationToken)
    {
        if (stored.JwtSecret is { } secret && SecretCipher.IsLegacy(secret)
            && await SwapSecretAsync(connection, stored.Id, secret, cancellationToken) is var swapped and not Outcome.Written)
        {
            return swapped;
        }

        foreach (var extension in stored.Extensions.Where(ExtensionSettings.HasLegacySecret))
        {
            if (await SwapSettingsAsync(connection, extension, cancellationToken) is var outcome and not Outcome.Written)
            {
                return outcome;
            }
        }

        return Outcome.Written;
    }

    private Task<Outcome> SwapSecretAsync(NpgsqlConnection connection, Guid id, string old, CancellationToken cancellationToken) => SwapAsync(
        connection, "tenants", "jwt_secret", NpgsqlDbType.Text, id, old, cipher.Encrypt(cipher.Decrypt(old)), cancellationToken);

    private Task<Outcome> SwapSettingsAsync(NpgsqlConnection connection, StoredExtension extension, CancellationToken cancellationToken)
    {
        var plain = ExtensionSettings.Decrypt(extension.Type, extension.Settings, cipher);
        var encrypted = ExtensionSettings.Encrypt(extension.Type, plain, cipher);
        return SwapAsync(connection, "extensions", "settings", NpgsqlDbType.Jsonb, extension.Id, extension.Settings!, encrypted, cancellationToken);
    }

    private static async Task<Outcome> SwapAsync(
        NpgsqlConnection connection, string table, string column, NpgsqlDbType type, Guid id, string old, string @new, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            with written as (update {table} set {column} = $3 where id = $1 and {column} = $2 returning 1)
            select (select count(*) from written) > 0, exists (select from {table} where id = $1)
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = old });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = @new });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetBoolean(0) ? Outcome.Written : reader.GetBoolean(1) ? Outcome.Changed : Outcome.Missing;
    }

    private static partial class Log
    {
        [LoggerMessage(11, LogLevel.Information, "The secrets of tenant {Tenant} were moved to AES-256-GCM.")]
        public static partial void Moved(ILogger logger, TenantId tenant);

        [LoggerMessage(12, LogLevel.Error, "EncryptionReconcileFailed: the secrets of tenant {Tenant} were not all moved to AES-256-GCM: {Reason}.")]
        public static partial void Lost(ILogger logger, TenantId tenant, string reason);
    }
}
