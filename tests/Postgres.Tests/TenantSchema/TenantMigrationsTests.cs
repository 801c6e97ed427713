using Realtime.Contracts.Channels;
using Realtime.Postgres.TenantSchema;
using Realtime.Testing;

namespace Realtime.Postgres.Tests.TenantSchema;

public sealed class TenantMigrationsTests(SharedPostgres postgres)
{
    private const string Catalog = """
        select c.oid || ' ' || c.xmin || ' ' || c.relname from pg_class c where relnamespace = 'realtime'::regnamespace
        union all select p.oid || ' ' || p.xmin || ' ' || p.proname from pg_proc p where pronamespace = 'realtime'::regnamespace
        union all select oid || ' ' || xmin || ' ' || nspname from pg_namespace where nspname = 'realtime'
        union all select oid || ' ' || xmin from pg_default_acl
        order by 1
        """;

    [Fact]
    public async Task Empty_database_gets_the_whole_schema()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        var applied = await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(bench.Migrations.Count, applied);
        Assert.Equal(["broadcast_changes", "send", "send_binary", "topic"],
            await bench.ListAsync("select proname::text from pg_proc where pronamespace = 'realtime'::regnamespace order by 1"));
        Assert.Equal(
            [
                "topic text true", "extension text true", "payload jsonb false", "event text false", "private boolean false",
                "updated_at timestamp without time zone true", "inserted_at timestamp without time zone true", "id uuid true",
                "binary_payload bytea false",
            ],
            await bench.ListAsync("""
                select attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull from pg_attribute
                where attrelid = 'realtime.messages'::regclass and attnum > 0 order by attnum
                """));
        Assert.Equal(["messages_payload_exclusive false", "messages_pkey true"], await bench.ListAsync(
            "select conname || ' ' || convalidated from pg_constraint where conrelid = 'realtime.messages'::regclass order by 1"));
        Assert.Equal("p true false supabase_realtime_admin", await bench.QueryAsync<string>("""
            select relkind::text || ' ' || relrowsecurity || ' ' || relforcerowsecurity || ' ' || relowner::regrole
            from pg_class where oid = 'realtime.messages'::regclass
            """));
        Assert.Equal("realtime.messages", await bench.QueryAsync<string>(
            "select prrelid::regclass::text from pg_publication_rel join pg_publication p on p.oid = prpubid where pubname = 'supabase_realtime_messages_publication'"));
    }

    [Fact]
    public async Task Roles_of_tokens_exist_afterwards_with_their_rights()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(["anon false", "authenticated false", "service_role true", "supabase_realtime_admin false"], await bench.ListAsync("""
            select rolname || ' ' || rolbypassrls from pg_roles
            where rolname in ('anon', 'authenticated', 'service_role', 'supabase_realtime_admin') and not rolcanlogin and not rolsuper order by 1
            """));
        Assert.Equal(["anon true true", "authenticated true true", "service_role true true"], await bench.ListAsync("""
            select rolname || ' ' || has_schema_privilege(rolname, 'realtime', 'usage') || ' '
              || (has_table_privilege(rolname, 'realtime.messages', 'select') and has_table_privilege(rolname, 'realtime.messages', 'insert')
                and has_table_privilege(rolname, 'realtime.messages', 'update') and not has_table_privilege(rolname, 'realtime.messages', 'delete'))
            from pg_roles where rolname in ('anon', 'authenticated', 'service_role') order by 1
            """));
        Assert.False(await bench.QueryAsync<bool>("select has_table_privilege('anon', 'realtime.tenant_migrations', 'select')"));
    }

    [Fact]
    public async Task Second_run_changes_nothing()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);
        var before = await bench.ListAsync(Catalog);

        var applied = await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(bench.Migrations.Count, applied);
        Assert.Equal(before, await bench.ListAsync(Catalog));
    }

    [Fact]
    public async Task Steps_can_be_repeated_when_the_bookkeeping_is_lost()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("select realtime.send('{}', 'e', 't'); drop table realtime.tenant_migrations");

        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(1, await bench.QueryAsync<long>("select count(*) from realtime.messages"));
        Assert.Equal(bench.Migrations.Count, await bench.QueryAsync<long>("select count(*) from realtime.tenant_migrations"));
    }

    [Fact]
    public async Task Concurrent_runs_on_one_database_apply_each_step_once()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await using var other = await TenantWorkbench.CreateAsync(postgres.Server);

        await Task.WhenAll(Enumerable.Range(0, 3).SelectMany(_ => new[]
        {
            bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token).AsTask(),
            other.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token).AsTask(),
        }));

        Assert.Equal(bench.Migrations.Count, await bench.QueryAsync<long>("select count(*) from realtime.tenant_migrations"));
    }

    [Fact]
    public async Task Concurrent_runs_on_databases_of_one_server_all_succeed()
    {
        var benches = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TenantWorkbench.CreateAsync(postgres.Server)));

        await Task.WhenAll(benches.Select(b => b.Migrations.RunAsync(b.Tenant, TenantWorkbench.Token).AsTask()));

        foreach (var bench in benches)
        {
            Assert.Equal("p", await bench.QueryAsync<string>("select relkind::text from pg_class where oid = 'realtime.messages'::regclass"));
            await bench.DisposeAsync();
        }
    }

    [Fact]
    public async Task Database_with_all_versions_of_the_reference_server_is_not_touched()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.ExecuteAsync(ReferenceDatabase(81));
        var before = await bench.ListAsync(Catalog);

        var applied = await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(bench.Migrations.Count, applied);
        Assert.Equal(before, await bench.ListAsync(Catalog));
    }

    [Fact]
    public async Task Database_with_older_versions_of_the_reference_server_is_completed_and_keeps_rows_and_versions()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.ExecuteAsync(ReferenceDatabase(60) + """
            create table realtime.messages_2024_01_01 partition of realtime.messages for values from ('2024-01-01') to ('2024-01-02');
            insert into realtime.messages (topic, extension, inserted_at) values ('old', 'broadcast', '2024-01-01 12:00');
            create function realtime.send(bytea, text, text, boolean) returns void language sql as 'select';
            """);

        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(60, await bench.QueryAsync<long>("select count(*) from realtime.schema_migrations"));
        Assert.Equal("old", await bench.QueryAsync<string>("select topic from realtime.messages where binary_payload is null"));
        Assert.Equal(1, await bench.QueryAsync<long>("select count(*) from pg_proc where pronamespace = 'realtime'::regnamespace and proname = 'send'"));
    }

    [Fact]
    public async Task Messages_table_without_partitions_is_replaced_and_keeps_its_policies()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.ExecuteAsync(""""
            create schema realtime;
            create table realtime.messages (id bigserial primary key, topic text not null, extension text not null, inserted_at timestamp, updated_at timestamp);
            alter table realtime.messages enable row level security;
            create policy "see ""all"" of" on realtime.messages as restrictive for select to public using (topic like 'a%');
            create policy "say" on realtime.messages for insert with check (extension = 'broadcast');
            create policy "both" on realtime.messages using (true) with check (false);
            """");

        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(
            [
                "both PERMISSIVE ALL true false", "say PERMISSIVE INSERT  (extension = 'broadcast'::text)",
                """see "all" of RESTRICTIVE SELECT (topic ~~ 'a%'::text) """,
            ],
            await bench.ListAsync("""
                select concat(policyname, ' ', permissive, ' ', cmd, ' ', qual, ' ', with_check) from pg_policies
                where schemaname = 'realtime' and tablename = 'messages' order by policyname
                """));
    }

    [Fact]
    public async Task Failing_step_leaves_nothing_behind_and_is_named()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.ExecuteAsync("create schema realtime; create view realtime.messages as select 1 as one");

        var failure = await Assert.ThrowsAsync<TenantMigrationException>(
            async () => await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token));

        Assert.Equal("0003-messages", failure.Migration);
        Assert.True(await bench.QueryAsync<bool>("select to_regclass('realtime.tenant_migrations') is null"));
    }

    [Fact]
    public async Task Login_role_without_the_right_to_create_the_schema_is_told_which_privilege_it_needs()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await EnsurePlainRoleAsync(bench);
        var tenant = bench.Tenant with { Database = bench.Tenant.Database! with { User = "plain_login" } };

        var failure = await Assert.ThrowsAsync<TenantMigrationException>(async () => await bench.Migrations.RunAsync(tenant, TenantWorkbench.Token));

        Assert.Contains($"role \"plain_login\" needs the privilege CREATE on database \"{bench.Tenant.Database!.Name}\"", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_role_that_owns_the_database_and_may_create_roles_is_enough()
    {
        await using var server = await PostgresServer.StartAsync(TenantWorkbench.Token); // roles belong to a whole server
        await using var bench = await TenantWorkbench.CreateAsync(server);
        await bench.ExecuteAsync($"create role owner login createrole; alter database {bench.Tenant.Id} owner to owner");
        bench.Tenant = bench.Tenant with { Database = bench.Tenant.Database! with { User = "owner" } };

        await bench.Preparation.EnsureAsync(bench.Tenant, TenantWorkbench.Token);
        await bench.ExecuteAsync("""
            create policy p on realtime.messages to authenticated using (extension = 'broadcast');
            """);
        var answer = await bench.Authorizer.AuthorizeAsync(
            new ChannelAuthorizationRequest(bench.Tenant.Id, "t", "authenticated", null, "{}", "{}", (ChannelPermissions)15), TenantWorkbench.Token);

        Assert.Equal(
            new ChannelAuthorization(ChannelPermissions.ReadBroadcast | ChannelPermissions.WriteBroadcast, ChannelAuthorizationError.None, null), answer);
    }

    // Objects of the reference server as far as they matter here.
    private static string ReferenceDatabase(int versions) => $$"""
        create schema realtime;
        create table realtime.schema_migrations (version bigint primary key, inserted_at timestamp(0));
        insert into realtime.schema_migrations select 20211116024918 + n, now() from generate_series(1, {{versions}}) n;
        create table realtime.subscription (id bigint generated always as identity primary key, subscription_id uuid not null);
        create table realtime.messages (
          topic text not null, extension text not null, payload jsonb, event text, private boolean default false,
          updated_at timestamp not null default now(), inserted_at timestamp not null default now(), id uuid not null default gen_random_uuid(),
          primary key (id, inserted_at)
        ) partition by range (inserted_at);
        alter table realtime.messages enable row level security;
        create function realtime.topic() returns text language sql stable as $$ select nullif(current_setting('realtime.topic', true), '')::text $$;
        """;

    private static Task EnsurePlainRoleAsync(TenantWorkbench bench) => bench.ExecuteAsync("""
        do $$
        begin
          if not exists (select from pg_roles where rolname = 'plain_login') then
            create role plain_login login;
          end if;
        exception when unique_violation or duplicate_object then null;
        end $$
        """);
}
