using System.Globalization;
using Realtime.Cdc.Feeds;
using Realtime.Cdc.Tests.Support;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Cdc.Tests.Feeds;

public sealed class LifecycleTests(PostgresFixture postgres)
{
    private const string Entry = """[{"event":"*","schema":"public","table":"items"}]""";

    private const string Items =
        """
        create table items (id int primary key, name text);
        grant select on items to anon;
        create publication supabase_realtime for table items;
        """;

    private static readonly FeedSettings Quick = new()
    {
        StartTimeout = TimeSpan.FromSeconds(20), StopAfter = TimeSpan.FromMilliseconds(100), StopDurableAfter = TimeSpan.FromMilliseconds(100),
        ResumeWait = TimeSpan.FromMilliseconds(500),
    };

    [Fact]
    public async Task The_slot_is_gone_after_the_last_subscriber_left_and_a_new_one_starts_again()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, settings: Quick);
        var first = await host.SubscribeAsync(Entry);
        Assert.Equal(1, await SlotsAsync(host));

        host.Feed.Release(FeedHost.Tenant, first.Id);

        await UntilSlotsAsync(host, 0);
        var second = await host.SubscribeAsync(Entry);
        await host.ExecuteAsync("insert into items values (1)");
        Assert.Equal("INSERT", (await host.NextAsync(second)).Type);
    }

    [Fact]
    public async Task A_broken_connection_is_replaced_and_the_subscribers_are_told()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        var subscriber = await host.SubscribeAsync(Entry);

        await host.ExecuteAsync($"select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '{host.SlotName}'");

        var notice = await host.NextNoticeAsync(subscriber);
        Assert.Equal((false, ChangeFeedNotice.Subscribed), (notice.IsError, notice.Message));
        await host.ExecuteAsync("insert into items values (1)");
        Assert.Equal("INSERT", (await host.NextAsync(subscriber)).Type);
    }

    [Fact]
    public async Task A_restart_of_the_database_is_survived()
    {
        await using var server = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);
        await using var host = await FeedHost.StartAsync(server, "create role anon;" + Items);
        var subscriber = await host.SubscribeAsync(Entry);

        await server.StopAsync(TestContext.Current.CancellationToken);
        var refused = await host.Feed.SubscribeAsync(host.Subscriber(Entry), TestContext.Current.CancellationToken);
        await server.RestartAsync(TestContext.Current.CancellationToken);

        var notice = await host.NextNoticeAsync(subscriber);
        Assert.Equal((false, ChangeFeedNotice.Subscribed), (notice.IsError, notice.Message));
        Assert.Equal(ChangeSubscribeOutcome.Retry, refused.Outcome);
        await host.ExecuteAsync("insert into items values (1)");
        Assert.Equal(1, await NextIdAsync(host, subscriber));
    }

    [Fact]
    public async Task Changes_over_the_tenants_rate_are_dropped()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, c => c with { Limits = c.Limits with { MaxEventsPerSecond = 0 } });
        var subscriber = await host.SubscribeAsync(Entry);

        await host.ExecuteAsync("insert into items values (1)");
        host.Configure(c => c with { Limits = c.Limits with { MaxEventsPerSecond = 100 } });
        await host.NextNoticeAsync(subscriber);
        await host.ExecuteAsync("insert into items values (2)");

        Assert.Equal(2, await NextIdAsync(host, subscriber));
    }

    [Fact]
    public async Task A_subscriber_released_while_it_registers_stays_released()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        var leaving = host.Subscriber(Entry);

        var registering = host.Feed.SubscribeAsync(leaving, TestContext.Current.CancellationToken).AsTask();
        host.Feed.Release(FeedHost.Tenant, leaving.Id);
        await registering;
        var stays = await host.SubscribeAsync(Entry);
        await host.ExecuteAsync("insert into items values (1)");

        Assert.Equal([stays.Id], (await host.NextAsync(stays)).Change.Audience.Recipients.Select(r => r.Subscriber));
    }

    [Fact]
    public async Task Changed_database_settings_move_the_subscribers_to_the_new_connection()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items + "create publication other for table items;");
        var subscriber = await host.SubscribeAsync(Entry);

        host.Configure(c => c with { Database = c.Database! with { Publication = "other", SlotName = $"{c.Database.SlotName}_b" } });

        var notice = await host.NextNoticeAsync(subscriber);
        Assert.False(notice.IsError);
        await host.ExecuteAsync("insert into items values (1)");
        Assert.Equal("INSERT", (await host.NextAsync(subscriber)).Type);
    }

    [Fact]
    public async Task A_suspended_tenant_is_not_read_and_subscribers_are_asked_to_come_back()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, c => c with { Suspended = true });

        var result = await host.Feed.SubscribeAsync(host.Subscriber(Entry), TestContext.Current.CancellationToken);

        Assert.Equal(ChangeSubscribeOutcome.Retry, result.Outcome);
        Assert.Equal(0, await SlotsAsync(host));
    }

    [Fact]
    public async Task A_durable_slot_delivers_what_was_committed_while_the_process_was_away()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, Durable, Quick);
        var before = await host.SubscribeAsync(Entry);
        await host.ExecuteAsync("insert into items values (1)");
        await host.NextAsync(before);

        await host.RestartAsync(async () =>
        {
            await host.ExecuteAsync("insert into items values (2)");
            await host.ExecuteAsync("insert into items select i from generate_series(3, 5000) i");
        });
        var after = await host.SubscribeAsync(Entry);
        await host.ExecuteAsync("insert into items values (5001)");

        var next = await NextIdAsync(host, after);
        if (next == 1)
        {
            // Its confirmation may have been lost with the process.
            next = await NextIdAsync(host, after);
        }

        for (var id = 2; id <= 5001; id++)
        {
            Assert.Equal(id, next);
            next = id < 5001 ? await NextIdAsync(host, after) : 0;
        }
    }

    [Fact]
    public async Task A_durable_slot_is_dropped_when_its_last_subscriber_stays_away()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, Durable, Quick);
        var subscriber = await host.SubscribeAsync(Entry);

        host.Feed.Release(FeedHost.Tenant, subscriber.Id);

        await UntilSlotsAsync(host, 0);
    }

    [Fact]
    public async Task A_durable_slot_that_holds_back_too_much_is_given_up_with_a_notice()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, Durable, Quick with { MaxRetainedWalBytes = 100_000 });
        await host.SubscribeAsync(Entry);

        await host.RestartAsync(() => host.ExecuteAsync("insert into items select i, repeat('x', 100) from generate_series(1, 5000) i"));
        var late = await host.SubscribeAsync(Entry);

        var notice = await host.NextNoticeAsync(late);
        Assert.True(notice.IsError);
        Assert.StartsWith("Changes were lost: replication slot", notice.Message);
        await host.ExecuteAsync("insert into items values (9999)");
        Assert.Equal(9999, await NextIdAsync(host, late));
    }

    [Theory]
    [InlineData("create role limited login; grant select on items to limited;", "may not replicate: run ALTER ROLE \"limited\" REPLICATION")]
    public async Task A_missing_privilege_is_named(string sql, string expected)
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items + sql, c => c with { Database = c.Database! with { User = "limited" } });

        var result = await host.Feed.SubscribeAsync(host.Subscriber(Entry), TestContext.Current.CancellationToken);

        Assert.Equal(ChangeSubscribeOutcome.Retry, result.Outcome);
        Assert.Contains(expected, result.Message);
    }

    [Fact]
    public async Task A_missing_publication_is_named()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, "create table items (id int primary key)");

        var result = await host.Feed.SubscribeAsync(host.Subscriber(Entry), TestContext.Current.CancellationToken);

        Assert.Equal(ChangeSubscribeOutcome.Retry, result.Outcome);
        Assert.StartsWith("publication \"supabase_realtime\" does not exist", result.Message);
    }

    [Fact]
    public async Task A_role_without_superuser_rights_can_read_with_replication_and_grants()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items + "create role reader login replication; grant anon to reader;",
            c => c with { Database = c.Database! with { User = "reader" } });
        var subscriber = await host.SubscribeAsync(Entry);

        await host.ExecuteAsync("alter table items enable row level security; create policy p on items using (id = 2)");
        await host.ExecuteAsync("insert into items values (1), (2)");

        Assert.Equal(2, await NextIdAsync(host, subscriber));
    }

    private static TenantConfig Durable(TenantConfig c) => c with { Database = c.Database! with { DurableSlot = true } };

    private static async Task<int> NextIdAsync(FeedHost host, ChangeSubscriber subscriber) =>
        (await host.NextAsync(subscriber)).Data.GetProperty("record").GetProperty("id").GetInt32();

    private static async Task<long> SlotsAsync(FeedHost host) =>
        await host.QueryAsync<long>(string.Create(CultureInfo.InvariantCulture, $"select count(*) from pg_replication_slots where slot_name = '{host.SlotName}'"));

    private static async Task UntilSlotsAsync(FeedHost host, long count)
    {
        using var limit = new CancellationTokenSource(Wait.Limit);
        while (await SlotsAsync(host) != count)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }
}
