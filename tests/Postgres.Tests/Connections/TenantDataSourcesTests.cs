using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;

namespace Realtime.Postgres.Tests.Connections;

public sealed class TenantDataSourcesTests(SharedPostgres postgres)
{
    [Fact]
    public async Task Connection_says_what_it_is_for()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        string[] names = await Task.WhenAll(Enum.GetValues<TenantConnectionPurpose>().Select(async purpose =>
        {
            await using var lease = await bench.Connections.OpenAsync(bench.Tenant, purpose, TenantWorkbench.Token);
            await using var command = new NpgsqlCommand("select current_setting('application_name') || ' ' || current_setting('timezone')", lease.Connection);
            return (string)(await command.ExecuteScalarAsync(TenantWorkbench.Token))!;
        }));

        Assert.Equal(
            ["realtime_connect UTC", "realtime_connect_probe UTC", "realtime_migrations UTC", "realtime_janitor UTC", "realtime_subscription_manager_pub UTC"],
            names);
    }

    [Fact]
    public async Task Connection_left_in_the_middle_of_a_transaction_is_clean_for_its_next_user()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await using (var lease = await OpenAsync(bench, bench.Tenant))
        {
            await using var leave = new NpgsqlCommand(
                "set realtime.topic = 'left'; begin; create table public.left (); set local role pg_monitor; select pg_advisory_lock(1)", lease.Connection);
            await leave.ExecuteNonQueryAsync(TenantWorkbench.Token);
        }

        await using var next = await OpenAsync(bench, bench.Tenant);
        await using var command = new NpgsqlCommand("""
            select concat_ws('|', current_user, current_setting('realtime.topic', true), to_regclass('public.left') is null,
              (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()))
            """, next.Connection);

        Assert.Equal("supabase_admin||t|0", await command.ExecuteScalarAsync(TenantWorkbench.Token));
    }

    [Fact]
    public async Task Pool_that_stays_busy_refuses_after_the_queue_target_and_then_at_once_for_30_seconds()
    {
        var time = new FakeTimeProvider();
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: time);
        var tenant = bench.Tenant with { Database = bench.Tenant.Database! with { QueueTarget = TimeSpan.FromMilliseconds(50) } };
        var busy = await bench.Connections.OpenAsync(tenant, TenantConnectionPurpose.General, TenantWorkbench.Token);

        await Assert.ThrowsAsync<TenantPoolExhaustedException>(() => OpenAsync(bench, tenant));
        await busy.DisposeAsync();
        await Assert.ThrowsAsync<TenantPoolExhaustedException>(() => OpenAsync(bench, tenant));
        time.Advance(TimeSpan.FromSeconds(30));

        await (await OpenAsync(bench, tenant)).DisposeAsync();
    }

    [Fact]
    public async Task Three_failures_within_five_seconds_stop_further_attempts()
    {
        var time = new FakeTimeProvider();
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: time);
        var wrong = bench.Tenant with { Database = bench.Tenant.Database! with { Name = "no_such_database" } };

        for (var attempt = 0; attempt < 3; attempt++)
        {
            var failure = await Assert.ThrowsAnyAsync<TenantDatabaseUnavailableException>(() => OpenAsync(bench, wrong));
            Assert.IsType<PostgresException>(failure.InnerException);
        }

        await Assert.ThrowsAsync<TenantConnectRateLimitedException>(() => OpenAsync(bench, wrong));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.IsNotType<TenantConnectRateLimitedException>(
            await Assert.ThrowsAnyAsync<TenantDatabaseUnavailableException>(() => OpenAsync(bench, wrong)));
    }

    [Fact]
    public async Task Changed_settings_start_anew()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        var wrong = bench.Tenant with { Database = bench.Tenant.Database! with { Name = "no_such_database" } };
        for (var attempt = 0; attempt < 4; attempt++)
        {
            await Assert.ThrowsAnyAsync<TenantDatabaseUnavailableException>(() => OpenAsync(bench, wrong));
        }

        await (await OpenAsync(bench, bench.Tenant)).DisposeAsync();
    }

    [Fact]
    public async Task Stop_closes_idle_connections_and_those_in_use_when_they_come_back()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        var inUse = await OpenAsync(bench, bench.Tenant);
        await (await bench.Connections.OpenAsync(bench.Tenant, TenantConnectionPurpose.Migrations, TenantWorkbench.Token)).DisposeAsync();

        await bench.Connections.StopAsync(bench.Tenant.Id);
        await using (var command = new NpgsqlCommand("select 1", inUse.Connection))
        {
            await command.ExecuteScalarAsync(TenantWorkbench.Token);
        }

        await inUse.DisposeAsync();

        await WaitForNoConnectionAsync(bench);
        Assert.Equal(0, bench.Connections.TenantCount);
        await (await OpenAsync(bench, bench.Tenant)).DisposeAsync();
    }

    [Fact]
    public async Task Tenant_that_nobody_used_for_eleven_minutes_is_closed_but_not_while_in_use()
    {
        var time = new FakeTimeProvider();
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: time);
        var inUse = await OpenAsync(bench, bench.Tenant);

        time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(1, bench.Connections.TenantCount);
        await inUse.DisposeAsync();
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(1, bench.Connections.TenantCount);
        time.Advance(TimeSpan.FromMinutes(2));

        Assert.Equal(0, bench.Connections.TenantCount);
        await WaitForNoConnectionAsync(bench);
    }

    [Fact]
    public async Task Database_without_room_is_not_filled_up()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        bench.Tenant = bench.Tenant with { Database = bench.Tenant.Database! with { PoolSize = 400 } };

        var failure = await Assert.ThrowsAsync<TooManyTenantConnectionsException>(
            async () => await bench.Preparation.EnsureAsync(bench.Tenant, TenantWorkbench.Token));

        Assert.Matches(@"Only \d+ available connections\. At least 389 connections are required\.", failure.Message);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(5, 14)]
    public void Needed_connections_are_95_percent_of_all_pools(int poolSize, int needed)
    {
        var database = new TenantDatabase { Host = "h", Port = 1, Name = "n", User = "u", Password = "p", PoolSize = poolSize };

        Assert.Equal(needed, FreeConnections.Needed(database));
    }

    [Fact]
    public async Task Encryption_that_the_server_lacks_is_no_reason_to_send_plain_text()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        var encrypted = bench.Tenant with { Database = bench.Tenant.Database! with { SslEnforced = true } };

        await Assert.ThrowsAnyAsync<TenantDatabaseUnavailableException>(() => OpenAsync(bench, encrypted));
    }

    [Fact]
    public async Task Use_after_disposal_says_that_the_database_is_unavailable()
    {
        var connections = new TenantDataSources(TimeProvider.System, NullLogger<TenantDataSources>.Instance);
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        await connections.DisposeAsync();

        await Assert.ThrowsAsync<TenantDatabaseUnavailableException>(
            async () => await connections.OpenAsync(bench.Tenant, TenantConnectionPurpose.General, TenantWorkbench.Token));
    }

    private static Task<TenantConnection> OpenAsync(TenantWorkbench bench, TenantConfig tenant) =>
        bench.Connections.OpenAsync(tenant, TenantConnectionPurpose.General, TenantWorkbench.Token).AsTask();

    private static async Task WaitForNoConnectionAsync(TenantWorkbench bench)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TenantWorkbench.Token);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        while (await bench.QueryAsync<long>(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'realtime_%'") > 0)
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
