using Realtime.Cdc.Tests.Support;
using Realtime.Contracts.Changes;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Tests.Feeds;

public sealed class ChangeDeliveryTests(PostgresFixture postgres)
{
    private const string Todos =
        """
        create table todos (id bigint primary key, title text, done boolean not null default false, owner text);
        grant select on todos to anon, authenticated;
        create publication supabase_realtime for table todos;
        """;

    [Fact]
    public async Task An_inserted_row_arrives_with_everything_the_frame_needs()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos);
        var subscriber = await host.SubscribeAsync("""[{"event":"INSERT","schema":"public","table":"todos"}]""");

        await host.ExecuteAsync("insert into todos values (7, 'milk', true, null)");

        var change = await host.NextAsync(subscriber);
        Assert.Equal(ChangeEvents.Insert, change.Change.Event);
        Assert.Equal([subscriber.Entries[0].Id], change.Ids);
        Assert.Matches(
            """^{"type":"INSERT","schema":"public","table":"todos","columns":\[{"name":"id","type":"int8"},{"name":"title","type":"text"},{"name":"done","type":"bool"},{"name":"owner","type":"text"}\],"commit_timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","record":{"id":7,"done":true,"owner":null,"title":"milk"},"errors":null}$""",
            change.Json);
    }

    [Fact]
    public async Task Update_and_delete_carry_the_key_of_the_old_row()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos);
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""");

        await host.ExecuteAsync("insert into todos values (1, 'a')");
        await host.ExecuteAsync("update todos set title = 'b' where id = 1");
        await host.ExecuteAsync("update todos set id = 2 where id = 1");
        await host.ExecuteAsync("delete from todos");

        Assert.Equal("INSERT", (await host.NextAsync(subscriber)).Type);
        var changed = await host.NextAsync(subscriber);
        Assert.Equal("""{"id":1,"done":false,"owner":null,"title":"b"}""", changed.Record);
        Assert.Equal("""{"id":1}""", changed.OldRecord);
        var moved = await host.NextAsync(subscriber);
        Assert.Equal("""{"id":1}""", moved.OldRecord);
        Assert.Equal(2, moved.Data.GetProperty("record").GetProperty("id").GetInt32());
        var deleted = await host.NextAsync(subscriber);
        Assert.Equal("""{"id":2}""", deleted.OldRecord);
        Assert.False(deleted.Data.TryGetProperty("record", out _));
    }

    [Fact]
    public async Task Full_replica_identity_gives_the_whole_old_row_and_unchanged_large_values()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos + "alter table todos replica identity full; alter table todos alter title set storage external;");
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""");
        var large = new string('x', 10_000);

        await host.ExecuteAsync($"insert into todos values (1, '{large}')");
        await host.ExecuteAsync("update todos set done = true");
        await host.ExecuteAsync("delete from todos");

        await host.NextAsync(subscriber);
        var updated = await host.NextAsync(subscriber);
        Assert.Equal(large, updated.Data.GetProperty("record").GetProperty("title").GetString());
        Assert.False(updated.Data.GetProperty("old_record").GetProperty("done").GetBoolean());
        var deleted = await host.NextAsync(subscriber);
        Assert.True(deleted.Data.GetProperty("old_record").GetProperty("done").GetBoolean());
    }

    [Fact]
    public async Task Truncate_and_tables_outside_the_publication_produce_nothing()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos + "create table other (id int primary key); grant select on other to anon;");
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public"}]""");

        await host.ExecuteAsync("insert into other values (1); insert into todos values (1); truncate todos; insert into todos values (2)");

        Assert.Equal(1, (await host.NextAsync(subscriber)).Data.GetProperty("record").GetProperty("id").GetInt32());
        Assert.Equal(2, (await host.NextAsync(subscriber)).Data.GetProperty("record").GetProperty("id").GetInt32());
    }

    [Fact]
    public async Task Events_and_filters_decide_who_gets_a_change_and_ids_of_one_channel_come_together()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos);
        var mixed = await host.SubscribeAsync(
            """[{"event":"INSERT","schema":"public","table":"todos"},{"event":"*","schema":"public","table":"todos","filter":"id=gt.1"},{"event":"*","schema":"public","table":"todos","filter":"title=ilike.MI%"}]""");
        var deletes = await host.SubscribeAsync("""[{"event":"DELETE","schema":"public","table":"todos","filter":"id=eq.2"}]""");
        var ids = mixed.Entries.Select(e => e.Id).ToArray();

        await host.ExecuteAsync("insert into todos values (1, 'x'); insert into todos values (2, 'milk'); update todos set done = true; delete from todos");

        Assert.Equal([ids[0]], (await host.NextAsync(mixed)).Ids);
        Assert.Equal(ids, (await host.NextAsync(mixed)).Ids);
        Assert.Equal([ids[1], ids[2]], (await host.NextAsync(mixed)).Ids);
        var last = await host.NextAsync(mixed);
        Assert.Equal(("DELETE", ids[1]), (last.Type, Assert.Single(last.Ids)));
        Assert.Equal("""{"id":2}""", (await host.NextAsync(deletes)).OldRecord);
    }

    [Fact]
    public async Task A_selection_shows_the_selected_columns_and_the_key()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos);
        var subscriber = await host.SubscribeAsync(
            """[{"event":"*","schema":"public","table":"todos","select":["title"]},{"event":"*","schema":"public","table":"todos"}]""");

        await host.ExecuteAsync("insert into todos values (1, 'a')");

        var first = await host.NextAsync(subscriber);
        var second = await host.NextAsync(subscriber);
        Assert.Equal(("id,title", """{"id":1,"title":"a"}""", subscriber.Entries[0].Id), (first.Columns, first.Record, first.Ids.Single()));
        Assert.Equal(("id,title,done,owner", subscriber.Entries[1].Id), (second.Columns, second.Ids.Single()));
    }

    [Fact]
    public async Task Column_privileges_hide_columns_and_a_hidden_key_gives_an_error_row()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos +
            "revoke select on todos from anon, authenticated; grant select (id, title) on todos to anon; grant select (title) on todos to authenticated;");
        var anon = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""");
        var authenticated = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""", role: "authenticated");

        await host.ExecuteAsync("insert into todos values (1, 'a', true, 'me'); delete from todos");

        var visible = await host.NextAsync(anon);
        Assert.Equal(("id,title", """{"id":1,"title":"a"}"""), (visible.Columns, visible.Record));
        var refused = await host.NextAsync(authenticated);
        Assert.Equal(
            """{"type":"INSERT","schema":"public","table":"todos","columns":[],"commit_timestamp":null,"record":{},"errors":["Error 401: Unauthorized"]}""",
            refused.Json);
        Assert.Equal("{}", (await host.NextAsync(authenticated)).OldRecord);
    }

    [Fact]
    public async Task A_table_without_primary_key_gives_an_error_row_to_everyone()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server,
            "create table logs (line text); grant select on logs to anon; alter table logs replica identity full; create publication supabase_realtime for table logs;");
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"logs","filter":"line=eq.never"}]""");
        var deletes = await host.SubscribeAsync("""[{"event":"DELETE","schema":"public","table":"logs"}]""");

        await host.ExecuteAsync("insert into logs values ('a'); update logs set line = 'b'; delete from logs");

        Assert.Equal("""["Error 400: Bad Request, no primary key"]""", (await host.NextAsync(subscriber)).Errors);
        Assert.Equal("""{}""", (await host.NextAsync(subscriber)).OldRecord);
        Assert.Equal("""{"line":"b"}""", (await host.NextAsync(deletes)).OldRecord);
    }

    [Fact]
    public async Task A_change_over_the_size_limit_keeps_only_small_values()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos, c => c with { Database = c.Database! with { MaxRecordBytes = 1_000 } });
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""");

        await host.ExecuteAsync($"insert into todos values (1, '{new string('x', 2_000)}', true, '{new string('y', 62)}')");

        var change = await host.NextAsync(subscriber);
        Assert.Equal("""["Error 413: Payload Too Large"]""", change.Errors);
        Assert.Equal($$"""{"id":1,"done":true,"owner":"{{new string('y', 62)}}"}""", change.Record);
    }

    [Fact]
    public async Task Leaf_changes_of_a_partitioned_table_come_as_the_root_when_it_is_published_so()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server,
            """
            create table events (id int, day date, primary key (id, day)) partition by range (day);
            create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
            grant select on events to anon;
            create publication supabase_realtime for table events with (publish_via_partition_root = true);
            """);
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"events"}]""");

        await host.ExecuteAsync("insert into events values (1, '2026-05-05')");

        var change = await host.NextAsync(subscriber);
        Assert.Equal("events", change.Data.GetProperty("table").GetString());
        Assert.Equal("""{"id":1,"day":"2026-05-05"}""", change.Record);
    }

    [Fact]
    public async Task A_type_that_only_the_database_can_convert_is_converted_by_it()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server,
            """
            create extension if not exists hstore;
            create table bags (id int primary key, tags hstore);
            grant select on bags to anon;
            create publication supabase_realtime for table bags;
            """);
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"bags"}]""");

        await host.ExecuteAsync("insert into bags values (1, 'a=>1, b=>NULL'), (2, null)");

        Assert.Equal("""{"id":1,"tags":{"a": "1", "b": null}}""", (await host.NextAsync(subscriber)).Record);
        Assert.Equal("""{"id":2,"tags":null}""", (await host.NextAsync(subscriber)).Record);
    }

    [Fact]
    public async Task A_released_subscriber_gets_nothing_more()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos);
        var left = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""");
        var stayed = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"todos"}]""");

        host.Feed.Release(FeedHost.Tenant, left.Id);
        await host.ExecuteAsync("insert into todos values (1)");

        var change = await host.NextAsync(stayed);
        Assert.Equal([stayed.Id], change.Change.Audience.Recipients.Select(r => r.Subscriber));
    }

    [Fact]
    public async Task Wrong_requests_are_refused_with_the_texts_of_the_protocol()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Todos);
        var token = TestContext.Current.CancellationToken;

        var unknown = await host.Feed.SubscribeAsync(host.Subscriber("""[{"event":"INSERT","schema":"public","table":"nothing"}]"""), token);
        var uncastable = await host.Feed.SubscribeAsync(host.Subscriber("""[{"schema":"public","table":"todos","filter":"id=eq.hey"}]"""), token);
        var noRole = await host.Feed.SubscribeAsync(host.Subscriber("""[{"schema":"public","table":"todos"}]""", role: "none"), token);
        var unknownRole = await host.Feed.SubscribeAsync(host.Subscriber("""[{"schema":"public","table":"todos"}]""", role: "nobody"), token);

        Assert.Equal(ChangeSubscribeResult.Rejected(
            "Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect parameters: [event: INSERT, schema: public, table: nothing, filters: [], select: nil]"), unknown);
        Assert.Equal(ChangeSubscribeResult.Rejected(
            """Unable to subscribe to changes with given parameters. An exception happened so please check your connect parameters: [event: *, schema: public, table: todos, filters: [{"id", "eq", "hey", false}], select: nil]. Exception: ERROR 22P02 (invalid_text_representation) invalid input syntax for type bigint: "hey" """.TrimEnd()), uncastable);
        Assert.EndsWith("ERROR 42704 (undefined_object) role \"none\" does not exist", noRole.Message);
        Assert.EndsWith("ERROR 42704 (undefined_object) role \"nobody\" does not exist", unknownRole.Message);
    }
}
