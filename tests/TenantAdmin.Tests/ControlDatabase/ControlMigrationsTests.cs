using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.ControlDatabase;

namespace Realtime.TenantAdmin.Tests.ControlDatabase;

public sealed class ControlMigrationsTests(Databases databases)
{
    private const string Shape =
        """
        select string_agg(line, E'\n' order by line) from (
          select 'column ' || table_name || ' ' || ordinal_position || ' ' || column_name || ' ' || udt_name || ' ' || coalesce(character_maximum_length::text, '')
            || ' ' || coalesce(datetime_precision::text, '') || ' ' || is_nullable || ' ' || coalesce(column_default, '') as line
            from information_schema.columns where table_schema = '_realtime'
          union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
            where connamespace = '_realtime'::regnamespace and contype <> 'n'
          union all select 'index ' || indexdef from pg_indexes where schemaname = '_realtime') all_lines
        """;

    private static string WithoutPositions => Shape.Replace("|| ordinal_position ", "", StringComparison.Ordinal);

    [Fact]
    public async Task Empty_database_becomes_what_the_reference_server_makes()
    {
        var (reference, ours) = (await CreateAsync(ReferenceDatabase.Complete), await CreateAsync(null));

        Assert.Equal(33, await MigrateAsync(ours));
        Assert.Equal(0, await MigrateAsync(ours));

        Assert.Equal(await QueryAsync<string>(reference, Shape), await QueryAsync<string>(ours, Shape));
        const string Versions = "select array_agg(version order by version) from schema_migrations";
        Assert.Equal(await QueryAsync<long[]>(reference, Versions), await QueryAsync<long[]>(ours, Versions));
        Assert.Equal(
            await QueryAsync<long[]>(ours, "select array_agg(version order by ctid) from schema_migrations"),
            await QueryAsync<long[]>(ours, Versions));
    }

    [Fact]
    public async Task Complete_database_of_the_reference_server_is_not_written_to()
    {
        var database = await CreateAsync(ReferenceDatabase.Complete);
        const string Content = "select concat((select string_agg(t::text, ',' order by id) from tenants t), (select string_agg(e::text, ',') from extensions e), (select count(*) from schema_migrations))";
        var before = (await QueryAsync<string>(database, Shape), await QueryAsync<string>(database, Content));

        Assert.Equal(0, await MigrateAsync(database));

        Assert.Equal(before, (await QueryAsync<string>(database, Shape), await QueryAsync<string>(database, Content)));
    }

    [Fact]
    public async Task Early_database_is_brought_up_to_date_with_its_rows()
    {
        var (reference, early) = (await CreateAsync(ReferenceDatabase.Complete), await CreateAsync(ReferenceDatabase.Early));

        Assert.Equal(30, await MigrateAsync(early));

        Assert.Equal(await QueryAsync<string>(reference, WithoutPositions), await QueryAsync<string>(early, WithoutPositions));
        Assert.Equal(33, await QueryAsync<long>(early, "select count(*) from schema_migrations"));
        Assert.Equal("old 10000 1000 500 false {} gen_rpc", await QueryAsync<string>(early,
            "select concat_ws(' ', external_id, max_concurrent_users, max_events_per_second, max_joins_per_second, private_only::text, feature_flags, broadcast_adapter) from tenants"));
        Assert.Equal("""postgres_cdc_rls {"region": "x", "poll_interval_ms": 250}""", await QueryAsync<string>(early, "select type || ' ' || settings from extensions"));
    }

    [Fact]
    public async Task Every_prefix_of_the_versions_leads_to_the_same_tables_without_touching_limits_twice()
    {
        var database = await CreateAsync(ReferenceDatabase.Complete);
        var expected = await QueryAsync<string>(database, Shape);

        foreach (var last in ControlSchema.Versions)
        {
            await ExecuteAsync(database, $"delete from schema_migrations where version > {last}; update tenants set max_events_per_second = 77");
            await MigrateAsync(database);

            Assert.Equal(expected, await QueryAsync<string>(database, Shape));
            Assert.Equal(33, await QueryAsync<long>(database, "select count(*) from schema_migrations"));
            Assert.Equal(last < 20220815215024 ? 1000 : 77, await QueryAsync<int>(database, "select max(max_events_per_second) from tenants"));
        }
    }

    [Fact]
    public async Task Newer_versions_are_left_alone()
    {
        var database = await CreateAsync(ReferenceDatabase.Complete);
        await ExecuteAsync(database, "insert into schema_migrations values (29990101000000, now()); alter table tenants drop column notify_private_alpha");

        Assert.Equal(0, await MigrateAsync(database));

        Assert.Equal(34, await QueryAsync<long>(database, "select count(*) from schema_migrations"));
    }

    [Fact]
    public async Task Processes_that_start_at_once_migrate_once()
    {
        var database = await CreateAsync(null);

        var applied = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => MigrateAsync(database)));

        Assert.Equal(33, Assert.Single(applied, count => count > 0));
        Assert.Equal(33, await QueryAsync<long>(database, "select count(*) from schema_migrations"));
    }

    [Fact]
    public async Task After_connect_query_decides_about_the_schema_and_survives_the_pool()
    {
        var database = await CreateAsync(null);
        var settings = Settings(database) with { AfterConnectQuery = "SET search_path TO \"My control\"", PoolSize = 1 };
        await using var connections = new ControlConnections(settings);

        Assert.Equal(33, await Migrations(connections).RunAsync(TestContext.Current.CancellationToken));
        await using (await connections.OpenAsync(TestContext.Current.CancellationToken))
        {
        }

        await using var again = await connections.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("select current_schema()::text || ' ' || current_setting('application_name') || ' ' || (select count(*) from tenants)", again);
        Assert.Equal("My control supabase_mt_realtime 0", await command.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Role_without_the_right_to_create_schemas_uses_the_one_it_was_given()
    {
        var database = await CreateAsync(null);
        var role = $"limited_{database}";
        await ExecuteAsync(database, $"create role {role} login; create schema _realtime authorization {role}");
        await using var connections = new ControlConnections(Settings(database) with { User = role });

        Assert.Equal(33, await Migrations(connections).RunAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("ipv4")]
    [InlineData(null)]
    public async Task Address_family_is_honoured(string? version)
    {
        var database = await CreateAsync(null);
        await using var connections = new ControlConnections(Settings(database) with { IpVersion = version, Host = "localhost" });

        Assert.Equal(33, await Migrations(connections).RunAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Unreachable_server_is_asked_again_for_a_minute_and_then_named_with_what_to_check()
    {
        var settings = new ControlDatabaseSettings { Host = "127.0.0.1", Port = 1, Name = "control", User = "me", Password = "geheim" };
        await using var connections = new ControlConnections(settings);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var run = new ControlMigrations(connections, time, NullLogger<ControlMigrations>.Instance).RunAsync(TestContext.Current.CancellationToken);

        await Wait.UntilAsync("the attempts end", () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return Task.FromResult(run.IsCompleted);
        });

        var failure = await Assert.ThrowsAsync<ControlDatabaseUnavailableException>(() => run);
        Assert.StartsWith("The control database could not be used (database \"control\" at 127.0.0.1:1 as user \"me\"): ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("DB_HOST", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task Refusal_that_waiting_does_not_mend_ends_at_once()
    {
        var database = await CreateAsync(null);
        await using var connections = new ControlConnections(Settings(database) with { User = "nobody_of_that_name" });

        var failure = await Assert.ThrowsAsync<ControlDatabaseUnavailableException>(() => Migrations(connections).RunAsync(TestContext.Current.CancellationToken));

        Assert.Contains("nobody_of_that_name", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_without_an_address_of_the_family_is_named()
    {
        var settings = new ControlDatabaseSettings { Host = "127.0.0.1", IpVersion = "ipv6" };
        await using var connections = new ControlConnections(settings);

        var failure = await Assert.ThrowsAnyAsync<NpgsqlException>(async () => await connections.OpenAsync(TestContext.Current.CancellationToken));

        Assert.Contains("has no ipv6 address (DB_IP_VERSION)", failure.Message, StringComparison.Ordinal);
    }

    private ControlDatabaseSettings Settings(string database) => AdminHost.Settings(databases.Server, database).ControlDatabase;

    private static ControlMigrations Migrations(ControlConnections connections) => new(connections, TimeProvider.System, NullLogger<ControlMigrations>.Instance);

    private async Task<int> MigrateAsync(string database)
    {
        await using var connections = new ControlConnections(Settings(database));
        return await Migrations(connections).RunAsync(TestContext.Current.CancellationToken);
    }

    private async Task<string> CreateAsync(string? sql)
    {
        var database = await databases.Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        if (sql is not null)
        {
            await ReferenceDatabase.CreateAsync(databases, database, sql);
        }

        return database;
    }

    private async Task<T> QueryAsync<T>(string database, string sql)
    {
        await using var connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = await OpenAsync(database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(databases.Server.ConnectionString(database)) { SearchPath = "_realtime" }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}
