using Realtime.Cdc.Feeds;
using Realtime.Cdc.Tests.Support;
using Realtime.Contracts.Changes;

namespace Realtime.Cdc.Tests.Feeds;

public sealed class RowSecurityTests(PostgresFixture postgres)
{
    private const string Entry = """[{"event":"*","schema":"public","table":"notes"}]""";

    private const string Notes =
        """
        create table notes (id int primary key, owner text, body text);
        alter table notes enable row level security;
        alter table notes replica identity full;
        grant select on notes to anon, authenticated, service_role;
        create policy own on notes for select to authenticated
        using (owner = current_setting('request.jwt.claims', true)::jsonb ->> 'sub');
        create table open (id int primary key);
        grant select on open to anon, authenticated;
        create publication supabase_realtime for table notes, open;
        """;

    [Fact]
    public async Task Each_user_gets_the_rows_that_the_policies_show_it()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes);
        var ada = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");
        var bob = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"bob"}""");
        var service = await host.SubscribeAsync(Entry, "service_role");
        var anon = await host.SubscribeAsync(Entry);

        await host.ExecuteAsync("insert into notes values (1, 'ada', 'a'), (2, 'bob', 'b'), (3, 'ada', 'c')");

        Assert.Equal(["1", "3"], [await NextIdAsync(host, ada), await NextIdAsync(host, ada)]);
        Assert.Equal(["2"], [await NextIdAsync(host, bob)]);
        Assert.Equal(["1", "2", "3"], [await NextIdAsync(host, service), await NextIdAsync(host, service), await NextIdAsync(host, service)]);
        await host.ExecuteAsync("delete from notes where id = 2");

        // A deleted row has no owner to be checked by any more: everyone learns its key and no more.
        foreach (var subscriber in new[] { ada, bob, service, anon })
        {
            var deleted = await host.NextAsync(subscriber);
            Assert.Equal(("DELETE", """{"id":2}"""), (deleted.Type, deleted.OldRecord));
        }
    }

    [Fact]
    public async Task Subscribers_with_equal_claims_share_one_body_and_one_audience()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes);
        var subscribers = new List<ChangeSubscriber>();
        for (var i = 0; i < 50; i++)
        {
            subscribers.Add(await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}"""));
        }

        await host.ExecuteAsync("insert into notes values (1, 'ada', 'a')");
        await host.ExecuteAsync("insert into notes values (2, 'ada', 'b')");

        var changes = new List<ReceivedChange>();
        foreach (var subscriber in subscribers)
        {
            changes.Add(await host.NextAsync(subscriber));
            changes.Add(await host.NextAsync(subscriber));
        }

        Assert.Equal(2, changes.Select(c => c.Change).Distinct().Count());
        Assert.Single(host.Audiences);
    }

    [Fact]
    public async Task A_row_that_changes_its_owner_is_an_update_for_the_new_owner()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes + "insert into notes values (1, 'ada', 'a');");
        var ada = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");
        var bob = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"bob"}""");

        await host.ExecuteAsync("update notes set owner = 'bob'");
        await host.ExecuteAsync("insert into notes values (2, 'ada', 'sentinel')");

        Assert.Equal("UPDATE", (await host.NextAsync(bob)).Type);
        Assert.Equal("2", await NextIdAsync(host, ada));
    }

    [Fact]
    public async Task Keys_of_several_columns_and_types_find_their_rows()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server,
            """
            create type mood as enum ('good', 'bad');
            create domain short as text check (length(value) < 5);
            create table "Odd ""Name" (a uuid, "B b" char(4), c mood, d short, e timestamptz, f numeric, primary key (a, "B b", c, d, e, f));
            alter table "Odd ""Name" enable row level security;
            grant select on "Odd ""Name" to anon;
            create policy all_rows on "Odd ""Name" for select to anon using (true);
            create publication supabase_realtime for all tables;
            """);
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"Odd \"Name"}]""");

        await host.ExecuteAsync("""insert into "Odd ""Name" values ('00000000-0000-0000-0000-000000000001', 'ab', 'bad', 'x', '2026-01-01 10:00:00.5+02', 1.50)""");

        Assert.Equal("bad", (await host.NextAsync(subscriber)).Data.GetProperty("record").GetProperty("c").GetString());
    }

    [Fact]
    public async Task A_failing_policy_is_told_to_its_subscribers_and_hurts_nobody_else()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes +
            "create policy broken on notes for select to anon using (1 / (id - id) = 1);");
        var healthy = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");
        var broken = await host.SubscribeAsync(Entry);

        await host.ExecuteAsync("insert into notes values (1, 'ada', 'a')");
        await host.ExecuteAsync("insert into notes values (2, 'ada', 'b')");

        Assert.Equal(["1", "2"], [await NextIdAsync(host, healthy), await NextIdAsync(host, healthy)]);
        var notice = await host.NextNoticeAsync(broken);
        Assert.Equal(
            (true, "Unable to check row level security of public.notes: ERROR 22012 (division_by_zero) division by zero"),
            (notice.IsError, notice.Message));

        await host.ExecuteAsync("drop policy broken on notes; create policy mended on notes for select to anon using (true)");
        await host.ExecuteAsync("insert into notes values (3, 'ada', 'c')");
        await host.ExecuteAsync("insert into notes values (4, 'ada', 'd')");

        Assert.Equal(["3", "4"], [await NextIdAsync(host, broken), await NextIdAsync(host, broken)]);
    }

    [Fact]
    public async Task A_slow_policy_delays_only_its_own_subscribers()
    {
        var settings = new FeedSettings
        {
            StartTimeout = TimeSpan.FromSeconds(20), PolicyTimeout = TimeSpan.FromMilliseconds(300), SlowPolicyTimeout = TimeSpan.FromSeconds(30),
        };
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes +
            """
            create function wait_for_gate() returns boolean language plpgsql security definer as $f$
            begin perform pg_advisory_xact_lock_shared(77); return true; end $f$;
            create policy slow on notes for select to anon using (wait_for_gate());
            """, settings: settings);
        var healthy = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");
        var slow = await host.SubscribeAsync(Entry);
        var gate = host.HoldGateAsync(77);
        await using (await gate)
        {
            await host.ExecuteAsync("insert into notes values (1, 'ada', 'a')");
            await host.ExecuteAsync("insert into notes values (2, 'ada', 'b')");

            Assert.Equal(["1", "2"], [await NextIdAsync(host, healthy), await NextIdAsync(host, healthy)]);
        }

        Assert.Equal(["1", "2"], [await NextIdAsync(host, slow), await NextIdAsync(host, slow)]);
    }

    [Fact]
    public async Task Policies_that_are_all_asked_apart_show_each_user_the_same_rows_in_order()
    {
        var settings = new FeedSettings { StartTimeout = TimeSpan.FromSeconds(20), PolicyTimeout = TimeSpan.FromMilliseconds(1) };
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes +
            "create policy slow on notes for select to authenticated using (pg_sleep(0.002) is null);", settings: settings);
        var ada = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");
        var bob = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"bob"}""");

        for (var i = 1; i <= 40; i += 2)
        {
            await host.ExecuteAsync($"insert into notes values ({i}, 'ada', 'a'), ({i + 1}, 'bob', 'b')");
        }

        for (var i = 1; i <= 40; i += 2)
        {
            Assert.Equal([$"{i}", $"{i + 1}"], [await NextIdAsync(host, ada), await NextIdAsync(host, bob)]);
        }
    }

    [Fact]
    public async Task A_dropped_role_affects_only_its_own_subscribers()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes + "create role passing; grant select on notes, open to passing;");
        var passing = await host.SubscribeAsync(Entry, "passing");
        var healthy = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");

        await host.ExecuteAsync("revoke all on notes, open from passing; drop role passing");
        await host.ExecuteAsync("insert into notes values (1, 'ada', 'a')");

        Assert.Equal("1", await NextIdAsync(host, healthy));
        Assert.Equal("""["Error 401: Unauthorized"]""", (await host.NextAsync(passing)).Errors);
    }

    [Fact]
    public async Task New_claims_of_a_subscriber_replace_the_old_ones()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Notes);
        var subscriber = await host.SubscribeAsync(Entry, "authenticated", """{"sub":"ada"}""");

        var result = await host.Feed.SubscribeAsync(subscriber with { Claims = """{"sub":"bob"}""" }, TestContext.Current.CancellationToken);
        await host.ExecuteAsync("insert into notes values (1, 'ada', 'a'), (2, 'bob', 'b')");

        Assert.Equal(ChangeSubscribeResult.Subscribed, result);
        Assert.Equal("2", await NextIdAsync(host, subscriber));
    }

    private static async Task<string> NextIdAsync(FeedHost host, ChangeSubscriber subscriber) =>
        (await host.NextAsync(subscriber)).Data.GetProperty("record").GetProperty("id").GetRawText();
}
