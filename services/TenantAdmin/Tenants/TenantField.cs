using System.Text.Json;
using NpgsqlTypes;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>What kind of JSON value a field takes.</summary>
internal enum FieldKind
{
    /// <summary>A string.</summary>
    Text,

    /// <summary>A string that is stored encrypted.</summary>
    Secret,

    /// <summary>A whole number of 32 bits, or its digits as a string.</summary>
    Integer,

    /// <summary>A boolean, or <c>"true"</c>, <c>"false"</c>, <c>"1"</c>, <c>"0"</c>.</summary>
    Boolean,

    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>A string, one of <see cref="TenantField.Adapters"/>.</summary>
    Adapter,
}

/// <summary>What a null for a field of an existing tenant means.</summary>
internal enum NullMeaning
{
    /// <summary>The column becomes null.</summary>
    Stored,

    /// <summary>The field gets the value a new tenant would have.</summary>
    Default,

    /// <summary>It is refused as blank: the looser value must be asked for by name.</summary>
    Refused,
}

/// <summary>One settable column of <c>tenants</c>: how it is read, compared and written, and what a change of it sets off.</summary>
/// <param name="Name">Column and JSON name.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Stored">Its value in a row: <see cref="string"/>, <see cref="int"/>, <see cref="bool"/> or null.</param>
/// <param name="Changes">Effects of a change (http-api.md 7.13).</param>
/// <param name="OnNull">What null means in an update.</param>
internal sealed record TenantField(
    string Name, FieldKind Kind, Func<StoredTenant, object?> Stored, TenantChanges Changes = TenantChanges.None, NullMeaning OnNull = NullMeaning.Stored)
{
    /// <summary>Accepted values of <c>broadcast_adapter</c>; they have no effect.</summary>
    public static readonly IReadOnlyList<string> Adapters = ["phoenix", "gen_rpc"];

    /// <summary>Every field that callers may set, but <c>external_id</c> and <c>extensions</c>, which have rules of their own.</summary>
    /// <remarks><c>migrations_ran</c> is not among them: only a run of migrations may set it.</remarks>
    public static readonly IReadOnlyList<TenantField> All =
    [
        new("name", FieldKind.Text, t => t.Name),
        new("jwt_secret", FieldKind.Secret, t => t.JwtSecret, TenantChanges.Disconnect | TenantChanges.RestartDatabase),
        new("jwt_jwks", FieldKind.Json, t => t.JwtJwks, TenantChanges.Disconnect | TenantChanges.RestartDatabase),
        new("postgres_cdc_default", FieldKind.Text, t => t.PostgresCdcDefault),
        new("max_concurrent_users", FieldKind.Integer, t => t.MaxConcurrentUsers, OnNull: NullMeaning.Default),
        new("max_events_per_second", FieldKind.Integer, t => t.MaxEventsPerSecond, TenantChanges.ResetEventCounters, NullMeaning.Default),
        new("max_bytes_per_second", FieldKind.Integer, t => t.MaxBytesPerSecond, OnNull: NullMeaning.Default),
        new("max_channels_per_client", FieldKind.Integer, t => t.MaxChannelsPerClient, OnNull: NullMeaning.Default),
        new("max_joins_per_second", FieldKind.Integer, t => t.MaxJoinsPerSecond, TenantChanges.ResetJoinCounters, NullMeaning.Default),
        new("max_presence_events_per_second", FieldKind.Integer, t => t.MaxPresenceEventsPerSecond, TenantChanges.ResetPresenceCounters),
        new("max_payload_size_in_kb", FieldKind.Integer, t => t.MaxPayloadSizeInKb),
        new("max_client_presence_events_per_window", FieldKind.Integer, t => t.MaxClientPresenceEventsPerWindow),
        new("client_presence_window_ms", FieldKind.Integer, t => t.ClientPresenceWindowMs),
        new("suspend", FieldKind.Boolean, t => t.Suspend ?? false, TenantChanges.Disconnect | TenantChanges.RestartDatabase, NullMeaning.Default),
        new("private_only", FieldKind.Boolean, t => t.PrivateOnly, TenantChanges.Disconnect, NullMeaning.Refused),
        new("presence_enabled", FieldKind.Boolean, t => t.PresenceEnabled, OnNull: NullMeaning.Refused),
        new("broadcast_adapter", FieldKind.Adapter, t => t.BroadcastAdapter),
        new("feature_flags", FieldKind.Json, t => t.FeatureFlags, OnNull: NullMeaning.Default),
    ];

    /// <summary>The type of the column.</summary>
    public NpgsqlDbType ColumnType => Kind switch
    {
        FieldKind.Integer => NpgsqlDbType.Integer,
        FieldKind.Boolean => NpgsqlDbType.Boolean,
        FieldKind.Json => NpgsqlDbType.Jsonb,
        _ => NpgsqlDbType.Text,
    };

    /// <summary>Whether a given value is what a row has; secrets must be compared decrypted.</summary>
    public bool IsSame(object? stored, object? given) =>
        Kind == FieldKind.Json && stored is string left && given is string right
            ? JsonElement.DeepEquals(JsonElement.Parse(left), JsonElement.Parse(right))
            : Equals(stored, given);
}
