using System.Text;

namespace Realtime.TenantAdmin.ControlDatabase;

/// <summary>The final state of the control tables and the SQL that leads there from any earlier one (control-database.md sections 3 to 6).</summary>
/// <remarks>
/// Statements name no schema: they run with the control schema first in the search path. Each may run any number of times. Columns are
/// added in the order of the documents, so that a database made here equals one that grew.
/// </remarks>
internal static class ControlSchema
{
    /// <summary>Every version the reference server records, in its order.</summary>
    public static readonly IReadOnlyList<long> Versions =
    [
        20210706140551, 20220329161857, 20220410212326, RenamePollInterval, 20220527210857, 20220815211129,
        RaiseEventLimits, 20220818141501, 20221018173709, RenameExtensionType, 20221223010058, 20230110180046,
        20230810220907, 20230810220924, 20231024094642, 20240306114423, 20240418082835, 20240625211759,
        20240704172020, 20240902173232, 20241106103258, 20250424203323, 20250613072131, 20250711044927,
        20250811121559, 20250926223044, 20251204170944, 20251218000543, 20260209232800, 20260304000000,
        20260422000000, 20260709151810, 20260805000000,
    ];

    /// <summary>The steps that change stored data; they run only where their version is not recorded yet.</summary>
    public static readonly IReadOnlyList<(long Version, string Sql)> DataSteps =
    [
        (RenamePollInterval,
            """
            update extensions set settings = (settings - 'poll_interval') || jsonb_build_object('poll_interval_ms', settings -> 'poll_interval')
            where type = 'postgres_cdc_rls' and settings ? 'poll_interval'
            """),
        (RaiseEventLimits, "update tenants set max_events_per_second = 1000"),
        (RenameExtensionType, "update extensions set type = 'postgres_cdc_rls' where type is distinct from 'postgres_cdc_rls'"),
    ];

    /// <summary>Creates the table of versions.</summary>
    public const string CreateVersionTable =
        """
        create table if not exists schema_migrations (
          version bigint not null constraint schema_migrations_pkey primary key,
          inserted_at timestamp(0) without time zone
        )
        """;

    private const long RenamePollInterval = 20220506102948;
    private const long RaiseEventLimits = 20220815215024;
    private const long RenameExtensionType = 20221102172703;

    private const string Text = "text";
    private const string Integer = "integer";
    private const string Timestamp = "timestamp(0) without time zone";

    private static readonly Column[] TenantColumns =
    [
        new("name", Text),
        new("external_id", Text),
        new("jwt_secret", Text),
        new("max_concurrent_users", Integer, Default: "200", NotNull: true),
        new("inserted_at", Timestamp, NotNull: true),
        new("updated_at", Timestamp, NotNull: true),
        new("max_events_per_second", Integer, Default: "100", NotNull: true),
        new("postgres_cdc_default", Text, Default: "'postgres_cdc_rls'"),
        new("max_bytes_per_second", Integer, Default: "100000", NotNull: true),
        new("max_channels_per_client", Integer, Default: "100", NotNull: true),
        new("max_joins_per_second", Integer, Default: "500", NotNull: true),
        new("suspend", "boolean", Default: "false"),
        new("jwt_jwks", "jsonb"),
        new("notify_private_alpha", "boolean", Default: "false"),
        new("private_only", "boolean", Default: "false", NotNull: true),
        new("migrations_ran", Integer, Default: "0"),
        new("broadcast_adapter", "varchar(255)", Default: "'gen_rpc'"),
        new("max_presence_events_per_second", Integer, Default: "1000"),
        new("max_payload_size_in_kb", Integer, Default: "3000"),
        new("max_client_presence_events_per_window", Integer),
        new("client_presence_window_ms", Integer),
        new("presence_enabled", "boolean", Default: "false", NotNull: true),
        new("feature_flags", "jsonb", Default: "'{}'", NotNull: true),
        new("gcm_migrated_at", Timestamp),
    ];

    private static readonly Column[] ExtensionColumns =
    [
        new("type", Text),
        new("settings", "jsonb"),
        new("tenant_external_id", Text),
        new("inserted_at", Timestamp, NotNull: true),
        new("updated_at", Timestamp, NotNull: true),
    ];

    private static readonly Column[] FeatureFlagColumns =
    [
        new("name", "varchar(255)", NotNull: true),
        new("enabled", "boolean", Default: "false", NotNull: true),
        new("rollout_percentage", Integer, Default: "100", NotNull: true),
        new("bucket_key", "varchar(255)"),
        new("inserted_at", Timestamp, NotNull: true),
        new("updated_at", Timestamp, NotNull: true),
    ];

    // After the columns: static fields are set in the order of the text.
    /// <summary>Makes tables, columns, indexes and constraints what they are after the last version.</summary>
    public static readonly string Converge = BuildConverge();

    private static string BuildConverge()
    {
        var sql = new StringBuilder();
        AppendTable(sql, "tenants", TenantColumns);
        AppendTable(sql, "extensions", ExtensionColumns);
        AppendTable(sql, "feature_flags", FeatureFlagColumns);
        // The foreign key may lean on the unique constraint that goes away, so it is taken off first and put back last.
        sql.Append(
            """
            alter table extensions drop constraint if exists extensions_tenant_external_id_fkey;
            alter table tenants drop constraint if exists uniq_external_id;
            drop index if exists uniq_external_id;
            alter table tenants drop column if exists enable_authorization;
            create unique index if not exists tenants_external_id_index on tenants (external_id);
            alter table tenants drop constraint if exists jwt_secret_or_jwt_jwks_required;
            alter table tenants add constraint jwt_secret_or_jwt_jwks_required check (jwt_secret is not null or jwt_jwks is not null);
            create unique index if not exists extensions_tenant_external_id_type_index on extensions (tenant_external_id, type);
            create index if not exists extensions_tenant_external_id_index on extensions (tenant_external_id);
            alter table extensions add constraint extensions_tenant_external_id_fkey
              foreign key (tenant_external_id) references tenants (external_id) on delete cascade;
            create unique index if not exists feature_flags_name_index on feature_flags (name);
            alter table feature_flags drop constraint if exists rollout_percentage_must_be_between_0_and_100;
            alter table feature_flags add constraint rollout_percentage_must_be_between_0_and_100
              check (rollout_percentage >= 0 and rollout_percentage <= 100);
            """);
        return sql.ToString();
    }

    private static void AppendTable(StringBuilder sql, string table, IEnumerable<Column> columns)
    {
        sql.Append("create table if not exists ").Append(table)
            .Append(" (id uuid not null constraint ").Append(table).Append("_pkey primary key);\n");
        foreach (var column in columns)
        {
            AppendColumn(sql, table, column);
        }
    }

    // A new column gets its default in the rows there are; one that is there keeps what they have.
    // Changing a type to what it already is costs nothing: PostgreSQL rewrites the table only when the bytes differ.
    private static void AppendColumn(StringBuilder sql, string table, Column column)
    {
        var (name, type, fallback, notNull) = column;
        sql.Append($"alter table {table} add column if not exists {name} {type}{(fallback is null ? "" : $" default {fallback}")};\n");
        sql.Append($"alter table {table} alter column {name} drop default, alter column {name} type {type} using {name}::{type};\n");
        if (fallback is not null)
        {
            sql.Append($"alter table {table} alter column {name} set default {fallback};\n");
        }

        if (notNull)
        {
            var fill = fallback ?? (type == Timestamp ? "(now() at time zone 'utc')" : "''");
            sql.Append($"update {table} set {name} = {fill} where {name} is null;\n");
        }

        sql.Append($"alter table {table} alter column {name} {(notNull ? "set" : "drop")} not null;\n");
    }

    private sealed record Column(string Name, string Type, string? Default = null, bool NotNull = false);
}
