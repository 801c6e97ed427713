using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Realtime.Cdc.Tests.Support;
using Realtime.Contracts.Changes;

namespace Realtime.Cdc.Tests.Feeds;

public sealed class LoadTests(PostgresFixture postgres)
{
    private const string Items =
        """
        create table items (id int primary key, name text, created timestamptz not null default now(), price numeric(10,2));
        grant select on items to anon;
        create publication supabase_realtime for table items;
        """;

    [Fact]
    public async Task A_transaction_of_a_million_rows_is_delivered_whole_and_in_order_with_bounded_memory()
    {
        const int Rows = 1_000_000;
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"items"}]""");
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (count, inOrder, peak, largest) = (0, true, 0L, 0);
        host.OnChanges = published =>
        {
            foreach (var change in published.Changes)
            {
                count++;
                inOrder &= IdOf(change) == count;
            }

            largest = Math.Max(largest, published.Changes.Length);
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
            if (count == Rows)
            {
                done.TrySetResult();
            }
        };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();

        await host.ExecuteAsync(string.Create(CultureInfo.InvariantCulture,
            $"insert into items (id, name, price) select i, 'some name ' || i, i / 100.0 from generate_series(1, {Rows}) i"));
        var inserted = watch.Elapsed;
        await done.Task.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"inserted after {inserted}, all delivered after {watch.Elapsed}, largest message {largest}, memory grew by {(peak - before) / 1_048_576} MiB");
        Assert.True(inOrder);
        Assert.InRange(peak - before, long.MinValue, 200L * 1_048_576);
    }

    [Fact]
    public async Task A_lone_change_goes_out_at_once()
    {
        await using var host = await FeedHost.StartAsync(postgres.Server, Items);
        await host.SubscribeAsync("""[{"event":"*","schema":"public","table":"items"}]""");
        var arrivals = new System.Collections.Concurrent.ConcurrentQueue<long>();
        using var arrived = new SemaphoreSlim(0);
        host.OnChanges = _ =>
        {
            arrivals.Enqueue(Stopwatch.GetTimestamp());
            arrived.Release();
        };
        await using var connection = await host.OpenAsync();
        await using (var command = new Npgsql.NpgsqlCommand("set synchronous_commit = on", connection))
        {
            // The stream reads only what was flushed; an asynchronous commit is flushed up to 200 ms later.
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var delays = new List<double>();
        for (var i = 1; i <= 200; i++)
        {
            await using var command = new Npgsql.NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"insert into items values ({i})"), connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var committed = Stopwatch.GetTimestamp();
            Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
            arrivals.TryDequeue(out var at);
            delays.Add(Stopwatch.GetElapsedTime(committed, at).TotalMilliseconds);
        }

        delays.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine($"commit to publish: p50 {delays[100]:0.00} ms, p99 {delays[198]:0.00} ms");
        Assert.Equal(200, delays.Count);
    }

    [Fact]
    public async Task Five_hundred_subscribers_of_one_user_share_checks_and_bodies()
    {
        const int Subscribers = 500;
        const int Rows = 2_000;
        await using var host = await FeedHost.StartAsync(postgres.Server, Items +
            "alter table items enable row level security; create policy own on items for select to anon using (name = current_setting('request.jwt.claims')::jsonb ->> 'sub')");
        for (var i = 0; i < Subscribers; i++)
        {
            await host.SubscribeAsync("""[{"event":"INSERT","schema":"public","table":"items"}]""", "anon", """{"sub":"ada"}""");
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (changes, deliveries) = (0, 0);
        host.OnChanges = published =>
        {
            changes += published.Changes.Length;
            deliveries += published.Changes.Sum(c => c.Audience.IdCount);
            if (changes == Rows)
            {
                done.TrySetResult();
            }
        };
        var watch = Stopwatch.StartNew();

        await host.ExecuteAsync(string.Create(CultureInfo.InvariantCulture,
            $"insert into items (id, name) select i, case when i % 2 = 0 then 'ada' else 'bob' end from generate_series(1, {2 * Rows}) i"));
        await done.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper!.WriteLine($"{deliveries / watch.Elapsed.TotalSeconds:0} deliveries/s");
        Assert.Equal(Rows * Subscribers, deliveries);
    }

    private static int IdOf(PublishedChange change)
    {
        var json = new Utf8JsonReader(change.Data.Span);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals("record"))
            {
                json.Read();
                json.Read();
                json.Read();
                return json.GetInt32();
            }
        }

        return 0;
    }
}
