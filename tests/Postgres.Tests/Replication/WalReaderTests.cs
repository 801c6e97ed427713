using Npgsql;
using Realtime.Postgres.Replication;

namespace Realtime.Postgres.Tests.Replication;

public sealed class WalReaderTests(PostgresFixture postgres)
{
    [Fact]
    public async Task A_temporary_slot_ends_with_the_reader()
    {
        await using var connection = await postgres.OpenDatabaseAsync("create publication p for all tables");
        var options = OptionsFor(connection, durable: false);

        await using (await WalReader.OpenAsync(options, TestContext.Current.CancellationToken))
        {
            Assert.Equal(1, await CountAsync(connection, options));
        }

        await UntilGoneAsync(connection, options);
    }

    [Fact]
    public async Task A_durable_slot_is_continued_where_it_was_confirmed()
    {
        await using var connection = await postgres.OpenDatabaseAsync("create table t (id int primary key); create publication p for table t");
        var options = OptionsFor(connection, durable: true);
        await using (var first = await WalReader.OpenAsync(options, TestContext.Current.CancellationToken))
        {
            Assert.False(first.Resumed);
        }

        await PostgresFixture.ExecuteAsync(connection, "set synchronous_commit = on; insert into t values (1)");
        await UntilInactiveAsync(connection, options);

        await using (var second = await WalReader.OpenAsync(options, TestContext.Current.CancellationToken))
        {
            Assert.True(second.Resumed);
            Assert.Equal([PgOutputKind.Begin, PgOutputKind.Relation, PgOutputKind.Insert, PgOutputKind.Commit], await ReadAsync(second, 4));
        }

        await UntilInactiveAsync(connection, options);
        await WalReader.DropSlotAsync(options, TestContext.Current.CancellationToken);
        Assert.Equal(0, await CountAsync(connection, options));
    }

    [Fact]
    public async Task A_left_over_durable_slot_is_replaced_when_it_is_no_longer_wanted()
    {
        await using var connection = await postgres.OpenDatabaseAsync("create publication p for all tables");
        var options = OptionsFor(connection, durable: true);
        await (await WalReader.OpenAsync(options, TestContext.Current.CancellationToken)).DisposeAsync();
        await UntilInactiveAsync(connection, options);

        await using (var reader = await WalReader.OpenAsync(options with { Durable = false }, TestContext.Current.CancellationToken))
        {
            Assert.False(reader.Resumed);
        }

        await UntilGoneAsync(connection, options);
    }

    [Fact]
    public async Task A_slot_in_use_is_named()
    {
        await using var connection = await postgres.OpenDatabaseAsync("create publication p for all tables");
        var options = OptionsFor(connection, durable: false);
        await using var reader = await WalReader.OpenAsync(options, TestContext.Current.CancellationToken);

        var failure = await Assert.ThrowsAsync<ReplicationUnavailableException>(
            () => WalReader.OpenAsync(options, TestContext.Current.CancellationToken));

        Assert.Equal((ReplicationFault.SlotInUse, $"replication slot \"{options.SlotName}\" is used by another connection"), (failure.Fault, failure.Message));
    }

    [Fact]
    public async Task Stop_ends_a_waiting_reader()
    {
        await using var connection = await postgres.OpenDatabaseAsync("create publication p for all tables");
        await using var reader = await WalReader.OpenAsync(OptionsFor(connection, durable: false), TestContext.Current.CancellationToken);
        var waiting = reader.MoveNextAsync().AsTask();

        reader.Stop();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }

    private WalReaderOptions OptionsFor(NpgsqlConnection connection, bool durable) =>
        new(postgres.Server.ConnectionString(connection.Database), $"slot_{connection.Database}", durable, ["p"], null);

    private static async Task<List<PgOutputKind>> ReadAsync(WalReader reader, int count)
    {
        var kinds = new List<PgOutputKind>();
        while (kinds.Count < count && await reader.MoveNextAsync())
        {
            var message = new byte[reader.MessageLength];
            await reader.ReadMessageAsync(message);
            kinds.Add((PgOutputKind)message[0]);
        }

        return kinds;
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, WalReaderOptions options, string condition = "true")
    {
        await using var command = new NpgsqlCommand($"select count(*) from pg_replication_slots where slot_name = $1 and {condition}", connection)
        {
            Parameters = { new() { Value = options.SlotName } },
        };
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static Task UntilGoneAsync(NpgsqlConnection connection, WalReaderOptions options) => UntilNoneAsync(connection, options, "true");

    private static Task UntilInactiveAsync(NpgsqlConnection connection, WalReaderOptions options) => UntilNoneAsync(connection, options, "active");

    private static async Task UntilNoneAsync(NpgsqlConnection connection, WalReaderOptions options, string condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await CountAsync(connection, options, condition) > 0)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }
}
