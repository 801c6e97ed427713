using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;

namespace Realtime.Postgres.Tests.Messages;

public sealed class MessagePartitionsTests(SharedPostgres postgres)
{
    private const string Names = "select inhrelid::regclass::text from pg_inherits where inhparent = 'realtime.messages'::regclass order by 1";
    private static readonly DateTimeOffset Start = new(2024, 2, 28, 23, 59, 0, TimeSpan.Zero);

    [Fact]
    public async Task Yesterday_to_three_days_ahead_are_created_once()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: new FakeTimeProvider(Start));
        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        var first = await bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token);
        var second = await bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal([(5, 0), (0, 0)], [first, second]);
        Assert.Equal(
            [
                "realtime.messages_2024_02_27", "realtime.messages_2024_02_28", "realtime.messages_2024_02_29", "realtime.messages_2024_03_01",
                "realtime.messages_2024_03_02",
            ],
            await bench.ListAsync(Names));
        Assert.Equal("FOR VALUES FROM ('2024-02-29 00:00:00') TO ('2024-03-01 00:00:00') supabase_realtime_admin", await bench.QueryAsync<string>(
            "select pg_get_expr(relpartbound, oid) || ' ' || relowner::regrole from pg_class where relname = 'messages_2024_02_29'"));
    }

    [Fact]
    public async Task Days_past_72_hours_are_dropped_and_other_tables_are_not()
    {
        var time = new FakeTimeProvider(Start);
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: time);
        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);
        await bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token);
        await bench.ExecuteAsync("""
            create table realtime."messages_keep ""this"" one" partition of realtime.messages for values from ('2000-01-01') to ('2000-01-02');
            create table realtime.messages_2001_01_01 (unrelated int);
            """);

        time.Advance(TimeSpan.FromDays(4));
        var (created, dropped) = await bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal((4, 2), (created, dropped));
        Assert.Equal("2024_02_29", (await bench.ListAsync(Names)).First(n => n.StartsWith("realtime.messages_20", StringComparison.Ordinal))["realtime.messages_".Length..]);
        Assert.Contains("realtime.\"messages_keep \"\"this\"\" one\"", await bench.ListAsync(Names));
        Assert.True(await bench.QueryAsync<bool>("select to_regclass('realtime.messages_2001_01_01') is not null"));
    }

    [Fact]
    public async Task Concurrent_runs_do_not_disturb_each_other()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await using var other = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);

        await Task.WhenAll(
            bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token), other.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token));

        Assert.Equal(5, (await bench.ListAsync(Names)).Length);
    }

    [Fact]
    public async Task Day_that_cannot_be_created_leaves_the_others()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: new FakeTimeProvider(Start));
        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);
        await bench.ExecuteAsync("create table realtime.overlapping partition of realtime.messages for values from ('2024-02-29') to ('2024-02-29 12:00')");

        var (created, _) = await bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token);

        Assert.Equal(4, created);
        Assert.Equal(5, (await bench.ListAsync(Names)).Length);
    }

    [Fact]
    public async Task Database_without_the_table_is_reported()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        await Assert.ThrowsAsync<TenantDatabaseUnavailableException>(() => bench.Partitions.MaintainAsync(bench.Tenant, TenantWorkbench.Token));
    }
}
