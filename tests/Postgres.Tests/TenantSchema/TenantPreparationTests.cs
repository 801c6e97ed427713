using Microsoft.Extensions.Time.Testing;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Postgres.Tests.TenantSchema;

public sealed class TenantPreparationTests(SharedPostgres postgres)
{
    private const string CountPartitions = "select count(*) from pg_inherits where inhparent = 'realtime.messages'::regclass";

    [Fact]
    public async Task Concurrent_callers_wait_for_one_preparation()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => bench.Preparation.EnsureAsync(bench.Tenant, TenantWorkbench.Token).AsTask()));

        Assert.Equal(5, await bench.QueryAsync<long>(CountPartitions));
    }

    [Fact]
    public async Task Failed_migration_is_tried_again_after_a_pause()
    {
        var time = new FakeTimeProvider();
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: time);
        await bench.ExecuteAsync("create schema realtime; create view realtime.messages as select 1 as one");

        var first = await Assert.ThrowsAsync<TenantMigrationException>(() => EnsureAsync(bench));
        await bench.ExecuteAsync("drop view realtime.messages");
        var second = await Assert.ThrowsAsync<TenantMigrationException>(() => EnsureAsync(bench));
        time.Advance(TimeSpan.FromSeconds(10));
        await EnsureAsync(bench);

        Assert.Same(first, second);
        Assert.Equal(5, await bench.QueryAsync<long>(CountPartitions));
    }

    [Fact]
    public async Task Partitions_are_made_again_as_days_pass()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2024, 2, 28, 12, 0, 0, TimeSpan.Zero));
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server, time: time);
        await EnsureAsync(bench);

        time.Advance(TimeSpan.FromDays(1));
        await EnsureAsync(bench);

        Assert.Equal(6, await bench.QueryAsync<long>(CountPartitions));
    }

    [Fact]
    public async Task Other_settings_are_prepared_anew()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await EnsureAsync(bench);
        await using var other = await TenantWorkbench.CreateAsync(postgres.Server);

        await bench.Preparation.EnsureAsync(bench.Tenant with { Database = other.Tenant.Database }, TenantWorkbench.Token);

        Assert.Equal(5, await other.QueryAsync<long>(CountPartitions));
    }

    private static Task EnsureAsync(TenantWorkbench bench) => bench.Preparation.EnsureAsync(bench.Tenant, TenantWorkbench.Token).AsTask();
}
