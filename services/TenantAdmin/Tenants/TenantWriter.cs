using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>What became of a tenant that was sent.</summary>
internal abstract record TenantWrite
{
    /// <summary>Nothing was written.</summary>
    public sealed record Rejected(TenantErrors Errors) : TenantWrite;

    /// <summary>A new tenant.</summary>
    public sealed record Created(StoredTenant Tenant) : TenantWrite;

    /// <summary>An existing tenant.</summary>
    /// <param name="Tenant">As it is now.</param>
    /// <param name="Changes">What others have to do; null when nothing was different and nothing was written.</param>
    public sealed record Updated(StoredTenant Tenant, TenantChanges? Changes) : TenantWrite;
}

/// <summary>Validates tenants and writes them, only the columns that differ (control-database.md section 7).</summary>
/// <remarks>Secrets and extensions are compared in plaintext, so sending again what is stored changes nothing.</remarks>
internal sealed class TenantWriter(ControlConnections connections, SecretCipher cipher, TenantSettings defaults, TimeProvider time)
{
    private const string ExtensionsTable = "extensions";

    /// <summary>Checks a tenant as if it were new, without a look at what is stored.</summary>
    /// <returns>Its name, or null with the errors.</returns>
    public static (string? ExternalId, TenantErrors Errors) CheckAsNew(JsonElement tenant)
    {
        var input = TenantInput.Read(tenant);
        var externalId = input.ReadExternalId(tenant);
        return (input.Errors.IsEmpty ? externalId : null, input.Errors);
    }

    /// <summary>Updates the given fields of a tenant, or creates it.</summary>
    /// <param name="externalId">Its name; beats an <c>external_id</c> in the object when it is created.</param>
    /// <param name="tenant">A JSON object whose texts are well-formed.</param>
    /// <param name="cancellationToken">Ends the wait before the commit.</param>
    public async ValueTask<TenantWrite> WriteAsync(string externalId, JsonElement tenant, CancellationToken cancellationToken)
    {
        try
        {
            return await connections.InTransactionAsync<TenantWrite>(
                async (connection, token) => await TenantRows.FindAndLockAsync(connection, externalId, token) is { } stored
                    ? await UpdateAsync(connection, stored, tenant, token)
                    : await CreateAsync(connection, externalId, tenant, token),
                cancellationToken);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "tenants" })
        {
            var errors = new TenantErrors();
            errors.Add("external_id", TenantErrors.Taken);
            return new TenantWrite.Rejected(errors);
        }
    }

    private async ValueTask<TenantWrite> CreateAsync(
        NpgsqlConnection connection, string externalId, JsonElement tenant, CancellationToken cancellationToken)
    {
        var input = TenantInput.Read(tenant, dropIncomplete: true);
        if (string.IsNullOrWhiteSpace(externalId))
        {
            input.Errors.Add("external_id", TenantErrors.Blank);
        }
        else if (externalId.Length > TenantInput.MaxExternalIdLength)
        {
            input.Errors.Add("external_id", TenantErrors.TooLong);
        }

        if (!input.HasExtensions || input.Extensions is { Count: 0 })
        {
            input.Errors.Add("extensions", TenantErrors.Blank);
        }

        if (input.Errors.IsEmpty)
        {
            CheckWhole(input, hasSecret: TenantField.All.Any(field => IsSecretField(field) && input.TryGet(field, out var value) && value is not null));
        }

        if (!input.Errors.IsEmpty)
        {
            return new TenantWrite.Rejected(input.Errors);
        }

        var now = ControlClock.Now(time);
        await TenantRows.InsertAsync(connection, "tenants", NewRow(externalId, input, now), cancellationToken);
        await InsertExtensionsAsync(connection, externalId, input.Extensions!, now, cancellationToken);
        return new TenantWrite.Created((await TenantRows.FindAsync(connection, externalId, cancellationToken))!);
    }

    private List<ColumnValue> NewRow(string externalId, TenantInput input, DateTime now)
    {
        List<ColumnValue> row =
        [
            new("id", NpgsqlDbType.Uuid, Guid.NewGuid()),
            new("external_id", NpgsqlDbType.Text, externalId),
            new("inserted_at", NpgsqlDbType.Timestamp, now),
            new("updated_at", NpgsqlDbType.Timestamp, now),
        ];
        foreach (var field in TenantField.All)
        {
            // A given name does not count for a new tenant. What is null is left to the default of the column.
            var value = field.Name == "name" ? externalId : input.TryGet(field, out var given) && given is not null ? given : DefaultOf(field);
            if (value is not null)
            {
                row.Add(new ColumnValue(field.Name, field.ColumnType, ForStorage(field, value)));
            }
        }

        return row;
    }

    private async ValueTask<TenantWrite> UpdateAsync(
        NpgsqlConnection connection, StoredTenant stored, JsonElement tenant, CancellationToken cancellationToken)
    {
        var input = TenantInput.Read(tenant);
        input.Errors.ReplacedExtensions = stored.Extensions.Count;
        if (tenant.TryGetProperty("external_id", out _) && input.ReadExternalId(tenant) is { } given && given != stored.ExternalId)
        {
            input.Errors.Add("external_id", TenantErrors.Fixed);
        }

        var values = FindChanges(stored, input);
        if (input.Errors.IsEmpty)
        {
            CheckWhole(input, HasSecret(stored, values));
        }

        if (!input.Errors.IsEmpty)
        {
            return new TenantWrite.Rejected(input.Errors);
        }

        var replaces = input.Extensions is { } extensions && !AreStored(stored.Extensions, extensions);
        if (values.Count == 0 && !replaces)
        {
            return new TenantWrite.Updated(stored, null);
        }

        var now = ControlClock.Now(time);
        await TenantRows.UpdateAsync(
            connection,
            stored.Id,
            [.. values.Select(v => new ColumnValue(v.Field.Name, v.Field.ColumnType, ForStorage(v.Field, v.Value))), new("updated_at", NpgsqlDbType.Timestamp, now)],
            cancellationToken);
        if (replaces)
        {
            await TenantRows.DeleteExtensionsAsync(connection, stored.ExternalId, cancellationToken);
            await InsertExtensionsAsync(connection, stored.ExternalId, input.Extensions!, now, cancellationToken);
        }

        var changes = values.Aggregate(TenantChanges.None, (all, change) => all | change.Field.Changes);
        changes |= replaces ? TenantChanges.RestartDatabase | TenantChanges.ResetErrorCounters : TenantChanges.None;
        return new TenantWrite.Updated((await TenantRows.FindAsync(connection, stored.ExternalId, cancellationToken))!, changes);
    }

    private List<FieldChange> FindChanges(StoredTenant stored, TenantInput input)
    {
        var changes = new List<FieldChange>();
        foreach (var field in TenantField.All)
        {
            if (!input.TryGet(field, out var value))
            {
                continue;
            }

            if (value is null && field.OnNull == NullMeaning.Refused)
            {
                input.Errors.Add(field.Name, TenantErrors.Blank);
                continue;
            }

            value ??= field.OnNull == NullMeaning.Default ? DefaultOf(field) : null;
            if (!field.IsSame(Readable(field, stored), value))
            {
                changes.Add(new FieldChange(field, value));
            }
        }

        return changes;
    }

    // A stored secret that cannot be decrypted differs from everything, so sending a new one mends the tenant.
    private object? Readable(TenantField field, StoredTenant stored)
    {
        var value = field.Stored(stored);
        try
        {
            return field.Kind == FieldKind.Secret && value is string secret ? cipher.Decrypt(secret) : value;
        }
        catch (SecretUnreadableException)
        {
            return Unreadable.Instance;
        }
    }

    private bool AreStored(IReadOnlyList<StoredExtension> stored, IReadOnlyList<ExtensionInput> given)
    {
        try
        {
            return stored.Count == given.Count && given.All(extension => stored.Any(row =>
                row.Type == extension.Type
                && ExtensionSettings.AreEqual(ExtensionSettings.Decrypt(row.Type, row.Settings, cipher), extension.Settings)));
        }
        catch (SecretUnreadableException)
        {
            return false;
        }
    }

    // The checks that only make sense for an object that is right in itself.
    private static void CheckWhole(TenantInput input, bool hasSecret)
    {
        if (!hasSecret)
        {
            input.Errors.Add("jwt_secret", TenantErrors.NoSecret);
        }
        else if (input.Extensions is { } extensions)
        {
            input.Errors.SetExtensions(ExtensionInput.FindSecondOfType(extensions));
        }
    }

    private static bool HasSecret(StoredTenant stored, List<FieldChange> changes) => TenantField.All.Where(IsSecretField)
        .Any(field => (changes.Find(change => change.Field == field) is { } change ? change.Value : field.Stored(stored)) is not null);

    private static bool IsSecretField(TenantField field) => field.Name is "jwt_secret" or "jwt_jwks";

    private object? DefaultOf(TenantField field) => field.Name switch
    {
        "max_concurrent_users" => defaults.MaxConcurrentUsers,
        "max_events_per_second" => defaults.MaxEventsPerSecond,
        "max_bytes_per_second" => defaults.MaxBytesPerSecond,
        "max_channels_per_client" => defaults.MaxChannelsPerClient,
        "max_joins_per_second" => defaults.MaxJoinsPerSecond,
        "feature_flags" => "{}",
        "suspend" => false,
        _ => null,
    };

    private object? ForStorage(TenantField field, object? value) =>
        field.Kind == FieldKind.Secret && value is string secret ? cipher.Encrypt(secret) : value;

    private async ValueTask InsertExtensionsAsync(
        NpgsqlConnection connection, string externalId, IReadOnlyList<ExtensionInput> extensions, DateTime now, CancellationToken cancellationToken)
    {
        foreach (var extension in extensions)
        {
            await TenantRows.InsertAsync(
                connection,
                ExtensionsTable,
                [
                    new("id", NpgsqlDbType.Uuid, Guid.NewGuid()),
                    new("type", NpgsqlDbType.Text, extension.Type),
                    new("settings", NpgsqlDbType.Jsonb, ExtensionSettings.Encrypt(extension.Type, extension.Settings, cipher)),
                    new("tenant_external_id", NpgsqlDbType.Text, externalId),
                    new("inserted_at", NpgsqlDbType.Timestamp, now),
                    new("updated_at", NpgsqlDbType.Timestamp, now),
                ],
                cancellationToken);
        }
    }

    private sealed record FieldChange(TenantField Field, object? Value);

    private sealed class Unreadable
    {
        public static readonly Unreadable Instance = new();
    }
}
