using System.Text;
using Realtime.Cdc.Tests.Support;
using Realtime.Contracts.Channels;
using Realtime.Protocol.Broadcasts;
using Realtime.Testing;

namespace Realtime.Cdc.Tests.Feeds;

public sealed class DatabaseBroadcastTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Messages_arrive_in_commit_order_with_their_id()
    {
        await using var host = await StartAsync();

        await host.ExecuteAsync("select realtime.send(jsonb_build_object('n', i), 'tick', 'room', i % 2 = 0) from generate_series(1, 20) i");
        await host.ExecuteAsync("select realtime.send('{\"n\": 21}', 'tick', 'room', false)");

        for (var n = 1; n <= 21; n++)
        {
            var broadcast = await host.NextBroadcastAsync();
            Assert.Equal(new ChannelKey("room", n is not 21 && n % 2 == 0), broadcast.Channel);
            Assert.Equal(BroadcastBody.Json, broadcast.Message.Body);
            Assert.Equal("tick", Text(broadcast.Message.UserEvent));
            Assert.Equal("realtime:room", Text(broadcast.Message.Topic));
            Assert.Equal($$"""{"n": {{n}}, "id": "{{broadcast.Message.StoredId}}"}""", Text(broadcast.Message.Payload));
            Assert.Equal($$"""{"id":"{{broadcast.Message.StoredId}}"}""", Text(broadcast.Message.Metadata));
        }
    }

    [Fact]
    public async Task Binary_payloads_are_sent_as_bytes_and_incomplete_rows_not_at_all()
    {
        await using var host = await StartAsync();

        await host.ExecuteAsync(
            """
            insert into realtime.messages (topic, extension, event, payload, private) values ('room', 'broadcast', null, '{}', true);
            insert into realtime.messages (topic, extension, event, payload, private) values ('room', 'broadcast', 'e', null, true);
            select realtime.send_binary('\x00ff10', 'bin', 'room', true);
            """);

        var broadcast = await host.NextBroadcastAsync();
        Assert.Equal(BroadcastBody.Binary, broadcast.Message.Body);
        Assert.Equal([0x00, 0xff, 0x10], broadcast.Message.Payload.ToArray());
    }

    [Fact]
    public async Task Rolled_back_messages_are_never_sent()
    {
        await using var host = await StartAsync();

        await host.ExecuteAsync("begin; select realtime.send('{\"n\":1}', 'e', 'room', true); rollback");
        await host.ExecuteAsync("select realtime.send('{\"n\":2}', 'e', 'room', true)");

        Assert.StartsWith("{\"n\": 2", Text((await host.NextBroadcastAsync()).Message.Payload));
    }

    [Fact]
    public async Task One_wal_sender_serves_changes_and_broadcasts()
    {
        await using var host = await StartAsync();
        await host.ExecuteAsync("create table items (id int primary key); grant select on items to anon; create publication supabase_realtime for table items");
        var subscriber = await SubscribeWhenPublishedAsync(host);

        await host.ExecuteAsync("insert into items values (1); select realtime.send('{}', 'e', 'room', true)");

        Assert.Equal("INSERT", (await host.NextAsync(subscriber)).Type);
        Assert.Equal("e", Text((await host.NextBroadcastAsync()).Message.UserEvent));
        Assert.Equal(1, await host.QueryAsync<long>(
            "select count(*) from pg_stat_activity where backend_type = 'walsender' and datname = current_database()"));
    }

    [Fact]
    public async Task A_feed_that_runs_for_changes_prepares_the_schema_when_broadcasts_are_wanted()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server,
            """
            create schema realtime; -- as another server may have left it: everything is there but today's partition
            create table realtime.messages (topic text not null, extension text not null, payload jsonb, event text, private boolean default false,
              updated_at timestamp not null default now(), inserted_at timestamp not null default now(), id uuid not null default gen_random_uuid(),
              binary_payload bytea, primary key (id, inserted_at)) partition by range (inserted_at);
            create table items (id int primary key);
            grant select on items to anon;
            create publication supabase_realtime for table items;
            create publication supabase_realtime_messages_publication for table realtime.messages;
            """);
        await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"items"}]""");

        host.Feed.RequestBroadcasts(host.Node, FeedHost.Tenant);
        await UntilStreamingAsync(host);
        await host.ExecuteAsync("insert into realtime.messages (topic, extension, event, payload) values ('room', 'broadcast', 'e', '{}')");

        Assert.Equal("e", Text((await host.NextBroadcastAsync()).Message.UserEvent));
    }

    private static async Task<Contracts.Changes.ChangeSubscriber> SubscribeWhenPublishedAsync(FeedHost host)
    {
        host.Feed.ReleaseBroadcasts(host.Node, FeedHost.Tenant);
        await host.RestartAsync();
        host.Feed.RequestBroadcasts(host.Node, FeedHost.Tenant);
        var subscriber = await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"items"}]""");
        await UntilStreamingAsync(host);
        return subscriber;
    }

    private async Task<FeedHost> StartAsync()
    {
        var host = await FeedHost.StartAsync(postgres.Server, "");
        host.Feed.RequestBroadcasts(host.Node, FeedHost.Tenant);
        await UntilStreamingAsync(host);
        return host;
    }

    private static Task UntilStreamingAsync(FeedHost host) => Wait.UntilAsync(
        () => host.Feed.AreBroadcastsStreamingAsync(FeedHost.Tenant, default).AsTask().Result, "broadcasts", TestContext.Current.CancellationToken);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
