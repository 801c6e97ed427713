using Npgsql;

namespace Realtime.Postgres.Tests.TenantSchema;

/// <summary>What SQL of customers may rely on (tenant-database.md 3.1 to 3.4).</summary>
public sealed class MessageFunctionsTests(SharedPostgres postgres)
{
    private const string Rows = """
        select concat_ws('|', topic, extension, event, private, payload->>'id' = id::text, (payload - 'id')::text, encode(binary_payload, 'hex'))
        from realtime.messages order by inserted_at, cmin::text::bigint
        """;

    [Fact]
    public async Task Topic_is_null_without_the_setting_and_when_it_is_empty()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        var topics = await bench.ListAsync("""
            select realtime.topic() union all
            select set_config('realtime.topic', '', true) || coalesce(realtime.topic(), 'still null') union all
            select set_config('realtime.topic', 'room', true) || ' ' || realtime.topic()
            """);

        Assert.Equal(["null", "still null", "room room"], topics);
    }

    [Fact]
    public async Task Send_stores_a_private_broadcast_with_its_id_in_the_payload()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        await bench.ExecuteAsync("""select realtime.send('{"a": 1}', 'moved', 'room'); select realtime.send('{}', 'moved', 'lobby', false)""");

        Assert.Equal(["""room|broadcast|moved|t|t|{"a": 1}""", "lobby|broadcast|moved|f|t|{}"], await bench.ListAsync(Rows));
    }

    [Fact]
    public async Task Send_keeps_a_payload_that_has_an_id()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        await bench.ExecuteAsync("""select realtime.send('{"id": 7}', 'e', 't'); select realtime.send('["id"]', 'e', 't')""");

        Assert.Equal(["""{"id": 7}""", """["id"]"""],
            await bench.ListAsync("select payload from realtime.messages order by inserted_at, cmin::text::bigint"));
    }

    [Theory]
    [InlineData("'[1]', 'e', 't'", "path element at position 1 is not an integer: \"id\"")]
    [InlineData("'5', 'e', 't'", "cannot set path in scalar")]
    [InlineData("'{}', 'e', null", "syntax error at or near \"NULL\"")]
    public async Task Send_that_cannot_store_warns_and_lets_the_transaction_go_on(string arguments, string reason)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await using var connection = await bench.ConnectAsync();
        List<string> warnings = [];
        connection.Notice += (_, e) => warnings.Add(e.Notice.MessageText);

        await using var command = new NpgsqlCommand($"begin; select realtime.send({arguments}); select 1; commit", connection);
        await command.ExecuteNonQueryAsync(TenantWorkbench.Token);

        Assert.Equal([$"WarnSendingBroadcastMessage: {reason}"], warnings);
        Assert.Equal(0, await bench.QueryAsync<long>("select count(*) from realtime.messages"));
    }

    [Theory]
    [InlineData("null::jsonb, 'e', 't', true")]
    [InlineData("'{}', null, 't', true")]
    [InlineData("'{}', 'e', 't', null")]
    public async Task Send_stores_nulls_of_everything_but_the_topic(string arguments)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        await bench.ExecuteAsync($"select realtime.send({arguments})");

        Assert.Equal(1, await bench.QueryAsync<long>("select count(*) from realtime.messages"));
    }

    [Fact]
    public async Task Send_without_a_partition_for_today_warns()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        await bench.Migrations.RunAsync(bench.Tenant, TenantWorkbench.Token);
        await using var connection = await bench.ConnectAsync();
        List<string> warnings = [];
        connection.Notice += (_, e) => warnings.Add(e.Notice.MessageText);

        await using var command = new NpgsqlCommand("select realtime.send('{}', 'e', 't')", connection);
        await command.ExecuteNonQueryAsync(TenantWorkbench.Token);

        Assert.Equal(["WarnSendingBroadcastMessage: no partition of relation \"messages\" found for row"], warnings);
    }

    [Fact]
    public async Task Send_obeys_the_callers_policies_which_see_the_topic()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("create policy p on realtime.messages for insert to authenticated with check (realtime.topic() = 'open')");
        await using var connection = await bench.ConnectAsync();
        List<string> warnings = [];
        connection.Notice += (_, e) => warnings.Add(e.Notice.MessageText);

        await using var command = new NpgsqlCommand(
            "set role authenticated; select realtime.send('{}', 'e', 'open'); select realtime.send_binary('\\x01', 'e', 'closed')", connection);
        await command.ExecuteNonQueryAsync(TenantWorkbench.Token);

        Assert.Equal(["WarnSendingBroadcastMessage: new row violates row-level security policy for table \"messages\""], warnings);
        Assert.Equal(["open"], await bench.ListAsync("select topic from realtime.messages"));
    }

    [Fact]
    public async Task Send_binary_stores_the_bytes_alone()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        await bench.ExecuteAsync(@"select realtime.send_binary('\xdead', 'e', 't')");

        Assert.Equal(["t|broadcast|e|t|dead"], await bench.ListAsync(Rows));
    }

    [Fact]
    public async Task Broadcast_changes_in_a_trigger_sends_what_happened_to_the_row()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            create table public.orders (id bigint primary key, note text);
            create function public.announce() returns trigger language plpgsql security definer set search_path = '' as $$
            begin
              perform realtime.broadcast_changes('orders:' || coalesce(new.id, old.id), tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
              return null;
            end $$;
            create trigger announce after insert or update or delete on public.orders for each row execute function public.announce();
            """);

        await bench.ExecuteAsync("insert into orders values (7, 'x'); update orders set note = 'y'; delete from orders");

        Assert.Equal(
            [
                """orders:7|broadcast|INSERT|t|t|{"table": "orders", "record": {"id": 7, "note": "x"}, "schema": "public", "operation": "INSERT", "old_record": null}""",
                """orders:7|broadcast|UPDATE|t|t|{"table": "orders", "record": {"id": 7, "note": "y"}, "schema": "public", "operation": "UPDATE", "old_record": {"id": 7, "note": "x"}}""",
                """orders:7|broadcast|DELETE|t|t|{"table": "orders", "record": null, "schema": "public", "operation": "DELETE", "old_record": {"id": 7, "note": "y"}}""",
            ],
            await bench.ListAsync(Rows));
    }

    [Theory]
    [InlineData("'INSERT', 't', 's', null::record, null::record, 'STATEMENT'",
        "Failed to process the row: function can only be triggered for each row, not for each statement")]
    [InlineData("'TRUNCATE', 't', 's', null::record, null::record", "Failed to process the row: Unexpected operation type: TRUNCATE")]
    public async Task Broadcast_changes_used_wrongly_ends_the_statement(string arguments, string message)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        var error = await Assert.ThrowsAsync<PostgresException>(() => bench.ExecuteAsync($"select realtime.broadcast_changes('t', 'e', {arguments})"));

        Assert.Equal(("P0001", message), (error.SqlState, error.MessageText));
    }
}
