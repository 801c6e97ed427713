using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Testing;

namespace Realtime.Postgres.Tests.Messages;

public sealed class PostgresReplayStoreTests(SharedPostgres postgres)
{
    [Fact]
    public async Task Stored_broadcasts_come_oldest_first_with_ids_and_compact_payloads()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            insert into realtime.messages (id, topic, extension, event, payload, private, inserted_at) values
              ('00000000-0000-0000-0000-00000000000b', 'room', 'broadcast', 'second', '{"a": [1, "x: , \" y"], "b": {"c": "é\\ "}}', true, now() at time zone 'utc' - interval '1 second'),
              ('00000000-0000-0000-0000-00000000000a', 'room', 'broadcast', 'first', null, true, now() at time zone 'utc' - interval '2 seconds'),
              ('00000000-0000-0000-0000-00000000000c', 'room', 'broadcast', null, '1', true, now() at time zone 'utc');
            """);

        var result = await ReplayAsync(bench, since: 0, limit: 25);

        Assert.Equal(ReplayError.None, result.Error);
        Assert.Equal(
            [
                "00000000-0000-0000-0000-00000000000a first null",
                """00000000-0000-0000-0000-00000000000b second {"a":[1,"x: , \" y"],"b":{"c":"é\\ "}}""",
                "00000000-0000-0000-0000-00000000000c  1",
            ],
            result.Messages.Select(m => $"{m.Id} {m.Event} {Encoding.UTF8.GetString(m.Payload.Span)}"));
        Assert.All(result.Messages, m => Assert.False(m.IsBinary));
    }

    [Fact]
    public async Task Messages_of_one_transaction_keep_their_order()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        // Rows of very different sizes, after a purge that left holes: their places in the table are in no order.
        await bench.ExecuteAsync("""
            select realtime.send(to_jsonb(array['id', repeat('x', n * 37 % 900)]), 'x', 'other') from generate_series(1, 300) n;
            delete from realtime.messages where length(payload::text) % 2 = 0;
            """);
        await bench.ExecuteAsync("vacuum realtime.messages");
        await bench.ExecuteAsync("""
            do $$
            begin
              for n in 1..20 loop
                perform realtime.send(jsonb_build_object('pad', repeat('y', n * 531 % 1500)), 'e' || n, 'room');
              end loop;
            end $$
            """);

        var all = await ReplayAsync(bench, since: 0, limit: 25);
        var newest = await ReplayAsync(bench, since: 0, limit: 3);

        Assert.Equal(Enumerable.Range(1, 20).Select(n => $"e{n}"), all.Messages.Select(m => m.Event));
        Assert.Equal(["e18", "e19", "e20"], newest.Messages.Select(m => m.Event));
    }

    [Fact]
    public async Task Only_private_broadcasts_of_the_topic_are_replayed()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            insert into realtime.messages (topic, extension, event, private) values
              ('room', 'broadcast', 'yes', true), ('room', 'broadcast', 'public', false), ('room', 'broadcast', 'unknown', null),
              ('room', 'presence', 'presence', true), ('Room', 'broadcast', 'other topic', true);
            insert into realtime.messages (topic, extension, event, private, inserted_at) values
              ('room', 'broadcast', 'future', true, now() at time zone 'utc' + interval '2 minutes');
            """);

        var result = await ReplayAsync(bench, since: long.MinValue, limit: 25);

        Assert.Equal(["yes"], result.Messages.Select(m => m.Event));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-5, 1)]
    [InlineData(2, 2)]
    [InlineData(300, 25)]
    public async Task Limit_is_clamped(int limit, int expected)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("select realtime.send('{}', 'e' || n, 'room') from generate_series(1, 30) n");

        var result = await ReplayAsync(bench, since: 0, limit);

        Assert.Equal(expected, result.Messages.Count);
        Assert.Equal("e30", result.Messages[^1].Event);
    }

    [Fact]
    public async Task Since_is_inclusive_to_the_millisecond_and_may_be_any_number()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("select realtime.send('{}', 'e', 'room'); update realtime.messages set inserted_at = date_trunc('milliseconds', inserted_at)");
        var sentAt = await bench.QueryAsync<long>("select (extract(epoch from inserted_at) * 1000)::bigint from realtime.messages");

        Assert.Single((await ReplayAsync(bench, sentAt, 25)).Messages);
        Assert.Empty((await ReplayAsync(bench, sentAt + 1, 25)).Messages);
        Assert.Single((await ReplayAsync(bench, -1, 25)).Messages);
        Assert.Empty((await ReplayAsync(bench, long.MaxValue, 25)).Messages);
        Assert.Equal(ReplayError.None, (await ReplayAsync(bench, 253_402_300_799_999, 25)).Error);
    }

    [Fact]
    public async Task Binary_messages_keep_their_bytes()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync(@"select realtime.send_binary('\x00ff20', 'raw', 'room'); select realtime.send_binary('', 'empty', 'room')");

        var result = await ReplayAsync(bench, since: 0, limit: 25);

        Assert.Equal(["True 00FF20", "True "], result.Messages.Select(m => $"{m.IsBinary} {Convert.ToHexString(m.Payload.Span)}"));
    }

    [Fact]
    public async Task Failing_query_is_a_result()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("drop table realtime.messages");

        Assert.Equal(ReplayError.Failed, (await ReplayAsync(bench, 0, 25)).Error);
    }

    [Fact]
    public async Task Database_that_goes_down_and_comes_back_serves_again()
    {
        await using var server = await PostgresServer.StartAsync(TenantWorkbench.Token);
        await using var bench = await TenantWorkbench.CreatePreparedAsync(server);
        await ReplayAsync(bench, 0, 25);

        await server.StopAsync(TenantWorkbench.Token);
        var down = await ReplayAsync(bench, 0, 25);
        await server.RestartAsync(TenantWorkbench.Token);

        Assert.Equal(ReplayError.Failed, down.Error);
        Assert.Equal(ReplayError.None, (await ReplayAsync(bench, 0, 25)).Error);
    }

    private static async Task<ReplayResult> ReplayAsync(TenantWorkbench bench, long since, int limit) =>
        await bench.Replay.ReplayAsync(new ReplayRequest(bench.Tenant.Id, "room", since, limit), TenantWorkbench.Token);
}
