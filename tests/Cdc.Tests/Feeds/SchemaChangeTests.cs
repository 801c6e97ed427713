using Realtime.Cdc.Feeds;
using Realtime.Cdc.Tests.Support;
using Realtime.Contracts.Changes;

namespace Realtime.Cdc.Tests.Feeds;

public sealed class SchemaChangeTests(PostgresFixture postgres)
{
    private const string Entry = """[{"event":"*","schema":"public","table":"items"}]""";

    private const string Items =
        """
        create table items (id int primary key, name text, extra text);
        grant select on items to anon;
        create publication supabase_realtime for table items;
        """;

    private static readonly FeedSettings Quick = new() { StartTimeout = TimeSpan.FromSeconds(20), CheckInterval = TimeSpan.FromMilliseconds(200) };

    [Fact]
    public async Task Added_dropped_and_renamed_columns_are_seen_with_the_next_change()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        var subscriber = await host.SubscribeAsync(Entry);

        await host.ExecuteAsync("insert into items values (1, 'a', 'b')");
        var before = await host.NextAsync(subscriber);
        await host.ExecuteAsync("alter table items drop column extra, add column price numeric(5,2) default 1; alter table items rename name to title");
        await host.ExecuteAsync("insert into items values (2, 'c')");
        var after = await host.NextAsync(subscriber);

        Assert.Equal("id,name,extra", before.Columns);
        Assert.Equal("id,title,price", after.Columns);
        Assert.Equal("""{"id":2,"price":1.00,"title":"c"}""", after.Record);
    }

    [Fact]
    public async Task Changes_of_privileges_row_security_policies_and_identity_act_at_once()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        var subscriber = await host.SubscribeAsync(Entry);
        await host.ExecuteAsync("insert into items values (1, 'a', 'b')");
        Assert.Equal("id,name,extra", (await host.NextAsync(subscriber)).Columns);

        await host.ExecuteAsync("revoke select on items from anon; grant select (id, name) on items to anon");
        await host.ExecuteAsync("insert into items values (2, 'a', 'b')");
        Assert.Equal("id,name", (await host.NextAsync(subscriber)).Columns);

        await host.ExecuteAsync("alter table items enable row level security");
        await host.ExecuteAsync("insert into items values (3, 'hidden')");
        await host.ExecuteAsync("create policy shown on items for select using (name <> 'hidden')");
        await host.ExecuteAsync("insert into items values (4, 'shown')");
        Assert.Equal("""{"id":4,"name":"shown"}""", (await host.NextAsync(subscriber)).Record);

        await host.ExecuteAsync("alter table items disable row level security; alter table items replica identity full");
        await host.ExecuteAsync("update items set name = 'new' where id = 4");
        Assert.Equal("""{"id":4,"name":"shown"}""", (await host.NextAsync(subscriber)).OldRecord);

        await host.ExecuteAsync("alter table items drop constraint items_pkey");
        await host.ExecuteAsync("insert into items values (5)");
        Assert.Equal("""["Error 400: Bad Request, no primary key"]""", (await host.NextAsync(subscriber)).Errors);
    }

    [Fact]
    public async Task A_table_that_joins_the_publication_reaches_wildcards_and_everyone_is_registered_again()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items, settings: Quick);
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"*"}]""");
        await host.ExecuteAsync("create table late (id int primary key); grant select on late to anon; alter publication supabase_realtime add table late");

        var notice = await host.NextNoticeAsync(subscriber);
        await host.ExecuteAsync("insert into late values (1)");

        Assert.Equal((false, ChangeFeedNotice.Subscribed), (notice.IsError, notice.Message));
        Assert.Equal("late", (await host.NextAsync(subscriber)).Data.GetProperty("table").GetString());
    }

    [Fact]
    public async Task A_table_that_leaves_the_publication_ends_its_subscriptions_with_a_notice()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items + "create table other (id int primary key); alter publication supabase_realtime add table other;", settings: Quick);
        var gone = await host.SubscribeAsync(Entry);
        var stays = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"other"}]""");

        await host.ExecuteAsync("alter publication supabase_realtime drop table items");

        var notice = await host.NextNoticeAsync(gone);
        Assert.True(notice.IsError);
        Assert.StartsWith("Unable to subscribe to changes with given parameters. Please check Realtime is enabled", notice.Message);
        Assert.False((await host.NextNoticeAsync(stays)).IsError);
    }

    [Fact]
    public async Task Changes_of_a_table_that_was_dropped_meanwhile_are_skipped()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items + "create table doomed (id int primary key); grant select on doomed to anon; alter publication supabase_realtime add table doomed;");
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public"}]""");

        await host.ExecuteAsync("begin; insert into doomed values (1); drop table doomed; insert into items values (1); commit");

        Assert.Equal("items", (await host.NextAsync(subscriber)).Data.GetProperty("table").GetString());
    }

    [Fact]
    public async Task Changes_on_both_sides_of_a_schema_change_are_delivered_from_one_batch()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        var subscriber = await host.SubscribeAsync(Entry);
        await host.ExecuteAsync("insert into items values (0)");
        await host.NextAsync(subscriber);

        for (var i = 1; i <= 20; i++)
        {
            await host.ExecuteAsync($"begin; insert into items (id) values ({2 * i}); alter table items add column c{i} int; insert into items (id) values ({(2 * i) + 1}); commit");
        }

        for (var id = 2; id <= 41; id++)
        {
            Assert.Equal(id, (await host.NextAsync(subscriber)).Data.GetProperty("record").GetProperty("id").GetInt32());
        }
    }

    [Fact]
    public async Task A_role_that_is_granted_to_another_is_noticed_by_the_regular_check()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items +
            "revoke select on items from anon; create role readers; grant select on items to readers; create role member;", settings: Quick);
        var member = await host.SubscribeAsync(Entry, "member");
        await host.ExecuteAsync("insert into items values (1)");
        Assert.Equal("""["Error 401: Unauthorized"]""", (await host.NextAsync(member)).Errors);

        await host.ExecuteAsync("grant readers to member");
        ReceivedChange change;
        var id = 1;
        do
        {
            await host.ExecuteAsync($"insert into items values ({++id})");
            change = await host.NextAsync(member);
        }
        while (change.Errors != "null");

        Assert.Equal("id,name,extra", change.Columns);
    }
}
