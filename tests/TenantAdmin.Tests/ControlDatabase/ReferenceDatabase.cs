using Npgsql;

namespace Realtime.TenantAdmin.Tests.ControlDatabase;

/// <summary>Control databases as the reference server leaves them (control-database.md sections 3 to 6).</summary>
internal static class ReferenceDatabase
{
    /// <summary>All versions applied, with two tenants: <c>old</c> in the older cipher, <c>new</c> in the newer one.</summary>
    public const string Complete =
        """
        create schema _realtime;
        set search_path to _realtime;
        create table schema_migrations (version bigint not null, inserted_at timestamp(0) without time zone, constraint schema_migrations_pkey primary key (version));
        create table tenants (
          id uuid not null, name text, external_id text, jwt_secret text, max_concurrent_users integer default 200 not null,
          inserted_at timestamp(0) without time zone not null, updated_at timestamp(0) without time zone not null,
          max_events_per_second integer default 100 not null, postgres_cdc_default text default 'postgres_cdc_rls'::text,
          max_bytes_per_second integer default 100000 not null, max_channels_per_client integer default 100 not null,
          max_joins_per_second integer default 500 not null, suspend boolean default false, jwt_jwks jsonb,
          notify_private_alpha boolean default false, private_only boolean default false not null, migrations_ran integer default 0,
          broadcast_adapter character varying(255) default 'gen_rpc'::character varying, max_presence_events_per_second integer default 1000,
          max_payload_size_in_kb integer default 3000, max_client_presence_events_per_window integer, client_presence_window_ms integer,
          presence_enabled boolean default false not null, feature_flags jsonb default '{}'::jsonb not null,
          gcm_migrated_at timestamp(0) without time zone,
          constraint tenants_pkey primary key (id),
          constraint jwt_secret_or_jwt_jwks_required check (((jwt_secret is not null) or (jwt_jwks is not null))));
        create unique index tenants_external_id_index on tenants (external_id);
        create table extensions (
          id uuid not null, type text, settings jsonb, tenant_external_id text,
          inserted_at timestamp(0) without time zone not null, updated_at timestamp(0) without time zone not null,
          constraint extensions_pkey primary key (id),
          constraint extensions_tenant_external_id_fkey foreign key (tenant_external_id) references tenants(external_id) on delete cascade);
        create index extensions_tenant_external_id_index on extensions (tenant_external_id);
        create unique index extensions_tenant_external_id_type_index on extensions (tenant_external_id, type);
        create table feature_flags (
          id uuid not null, name character varying(255) not null, enabled boolean default false not null,
          rollout_percentage integer default 100 not null, bucket_key character varying(255),
          inserted_at timestamp(0) without time zone not null, updated_at timestamp(0) without time zone not null,
          constraint feature_flags_pkey primary key (id),
          constraint rollout_percentage_must_be_between_0_and_100 check (((rollout_percentage >= 0) and (rollout_percentage <= 100))));
        create unique index feature_flags_name_index on feature_flags (name);
        insert into schema_migrations select v, now() from unnest(array[
          20210706140551, 20220329161857, 20220410212326, 20220506102948, 20220527210857, 20220815211129,
          20220815215024, 20220818141501, 20221018173709, 20221102172703, 20221223010058, 20230110180046,
          20230810220907, 20230810220924, 20231024094642, 20240306114423, 20240418082835, 20240625211759,
          20240704172020, 20240902173232, 20241106103258, 20250424203323, 20250613072131, 20250711044927,
          20250811121559, 20250926223044, 20251204170944, 20251218000543, 20260209232800, 20260304000000,
          20260422000000, 20260709151810, 20260805000000]::bigint[]) v;
        """ + Rows;

    /// <summary>Only the first three versions: no limits, no defaults of today, types of then, an older name of a setting.</summary>
    public const string Early =
        """
        create schema _realtime;
        set search_path to _realtime;
        create table schema_migrations (version bigint not null, inserted_at timestamp(0) without time zone, constraint schema_migrations_pkey primary key (version));
        create table tenants (
          id uuid not null, name varchar(255), external_id varchar(255), jwt_secret varchar(500) not null, max_concurrent_users integer default 10000 not null,
          inserted_at timestamp(0) without time zone not null, updated_at timestamp(0) without time zone not null,
          max_events_per_second integer default 100 not null, enable_authorization boolean default false,
          constraint tenants_pkey primary key (id), constraint uniq_external_id unique (external_id));
        create table extensions (
          id uuid not null, type varchar(255), settings jsonb, tenant_external_id varchar(255),
          inserted_at timestamp(0) without time zone not null, updated_at timestamp(0) without time zone not null,
          constraint extensions_pkey primary key (id),
          constraint extensions_tenant_external_id_fkey foreign key (tenant_external_id) references tenants(external_id) on delete cascade);
        create unique index extensions_tenant_external_id_type_index on extensions (tenant_external_id, type);
        insert into schema_migrations select v, now() from unnest(array[
          20210706140551, 20220329161857, 20220410212326]::bigint[]) v;
        insert into tenants (id, name, external_id, jwt_secret, inserted_at, updated_at) values
          (gen_random_uuid(), 'old', 'old', '67fHA+Z12z2jlwOLTBeCPA==', '2022-01-01', '2022-01-01');
        insert into extensions values (gen_random_uuid(), 'postgres_cdc_rls', '{"poll_interval": 250, "region": "x"}', 'old', '2022-01-01', '2022-01-01');
        """;

    private const string Rows =
        """
        insert into tenants (id, name, external_id, jwt_secret, jwt_jwks, inserted_at, updated_at, max_presence_events_per_second, max_payload_size_in_kb, suspend,
          client_presence_window_ms, max_client_presence_events_per_window) values
          ('00000000-0000-0000-0000-000000000001', 'old', 'old', '67fHA+Z12z2jlwOLTBeCPA==', '{"keys":[]}', '2026-01-01', '2026-01-01', null, null, null, 0, -1),
          ('00000000-0000-0000-0000-000000000002', 'new', 'new', 'g1:AAECAwQFBgcICQoL2TdY9NiWL8JKTXUPkJLuCzAxC3Ya', null, '2026-01-01', '2026-01-01', 5, 6, true, 7000, 8);
        insert into extensions values
          ('00000000-0000-0000-0000-000000000003', 'postgres_cdc_rls',
            '{"db_host":"67fHA+Z12z2jlwOLTBeCPA==","db_port":"PqTiNQ6TybOgLz58iS1nJA==","db_name":"v1QVng3N+pZd/0AEObABwg==","db_user":"KCmTXgrJUtlZsJh3rl7ASAUBh6DN5amHLLqwkatz5VM=",
              "db_password":"67fHA+Z12z2jlwOLTBeCPA==","region":"eu","ssl_enforced":"no","db_pool":"3","subcriber_pool_size":6,"ip_version":4}', 'old', '2026-01-01', '2026-01-01');
        """;

    public static async Task CreateAsync(Databases databases, string database, string sql)
    {
        await using var connection = new NpgsqlConnection(databases.Server.ConnectionString(database));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
