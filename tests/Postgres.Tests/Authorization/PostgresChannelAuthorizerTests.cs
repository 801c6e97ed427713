using System.Diagnostics;
using System.Text.Json;
using Npgsql;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Testing;

namespace Realtime.Postgres.Tests.Authorization;

public sealed class PostgresChannelAuthorizerTests(SharedPostgres postgres)
{
    private const ChannelPermissions All =
        ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence | ChannelPermissions.WriteBroadcast | ChannelPermissions.WritePresence;

    [Fact]
    public async Task Nothing_is_granted_without_policies()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        var answer = await AskAsync(bench, Request(bench));

        Assert.Equal(new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.None, null), answer);
    }

    [Theory]
    [InlineData("for select to authenticated using (extension = 'broadcast')", ChannelPermissions.ReadBroadcast)]
    [InlineData("for select to authenticated using (extension = 'presence')", ChannelPermissions.ReadPresence)]
    [InlineData("for insert to authenticated with check (extension = 'broadcast')", ChannelPermissions.WriteBroadcast)]
    [InlineData("for insert to authenticated with check (extension = 'presence')", ChannelPermissions.WritePresence)]
    [InlineData("for all to authenticated using (true)", All)]
    [InlineData("for all to anon using (true)", ChannelPermissions.None)]
    [InlineData("for update to authenticated using (true)", ChannelPermissions.None)]
    public async Task Policy_grants_exactly_what_it_says(string policy, ChannelPermissions granted)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync($"create policy p on realtime.messages {policy}");

        var answer = await AskAsync(bench, Request(bench));

        Assert.Equal(new ChannelAuthorization(granted, ChannelAuthorizationError.None, null), answer);
    }

    [Fact]
    public async Task Only_what_was_asked_is_granted()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("create policy p on realtime.messages to authenticated using (true)");

        foreach (var permission in Enum.GetValues<ChannelPermissions>())
        {
            Assert.Equal(permission, (await AskAsync(bench, Request(bench) with { Check = permission })).Granted);
        }
    }

    [Theory]
    [InlineData("realtime.topic() = 'room:1' and topic = 'room:1'")]
    [InlineData("current_setting('request.jwt.claims')::json ->> 'team' = 'red'")]
    [InlineData("current_setting('request.jwt.claim.sub') = 'user-1' and current_setting('request.jwt.claim.role') = 'authenticated'")]
    [InlineData("current_setting('request.headers')::json ->> 'x-device' = 'phone'")]
    [InlineData("current_user = 'authenticated' and not private and payload is null and event is null and binary_payload is null")]
    [InlineData("abs(extract(epoch from inserted_at - (now() at time zone 'utc'))) < 60 and id is not null")]
    public async Task Policies_see_topic_claims_and_headers(string condition)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync($"create policy p on realtime.messages to authenticated using ({condition})");

        Assert.Equal(All, (await AskAsync(bench, Request(bench))).Granted);
        Assert.Equal(ChannelPermissions.None, (await AskAsync(bench, Request(bench) with
        {
            SubTopic = "room:2", Subject = "user-2", ClaimsJson = "{}", HeadersJson = "{}", Role = "anon",
        })).Granted);
    }

    [Fact]
    public async Task Topic_with_quotes_and_backslashes_is_only_a_value()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""create policy p on realtime.messages to authenticated using (topic = E'a\'; drop table x; -- "\\' and realtime.topic() = topic)""");

        Assert.Equal(All, (await AskAsync(bench, Request(bench) with { SubTopic = """a'; drop table x; -- "\""" })).Granted);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("no_such_role")]
    public async Task Role_that_would_leave_the_servers_own_is_refused(string? role)
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("create policy p on realtime.messages using (true)");

        var answer = await AskAsync(bench, Request(bench) with { Role = role });

        Assert.Equal((ChannelPermissions.None, ChannelAuthorizationError.PolicyError), (answer.Granted, answer.Error));
    }

    [Fact]
    public async Task Text_that_postgresql_cannot_hold_is_refused()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);

        foreach (var topic in new[] { "a\0b", "a" + (char)0xD800 + "b" })
        {
            Assert.Equal(ChannelAuthorizationError.PolicyError, (await AskAsync(bench, Request(bench) with { SubTopic = topic })).Error);
        }
    }

    [Fact]
    public async Task Raising_policy_is_an_error_of_its_role_only()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            create policy good on realtime.messages to authenticated using (true);
            create policy bad on realtime.messages to anon using (1 / (length(topic) * 0) = 1);
            """);

        var bad = await AskAsync(bench, Request(bench) with { Role = "anon" });

        Assert.Equal(new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.PolicyError, "division by zero"), bad);
        Assert.Equal(All, (await AskAsync(bench, Request(bench))).Granted);
    }

    [Fact]
    public async Task Sleeping_policy_is_canceled_and_the_next_check_works()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            create policy good on realtime.messages to authenticated using (true);
            create policy bad on realtime.messages to anon using (pg_sleep(60) is null);
            """);

        bench.Tenant = bench.Tenant with { Database = bench.Tenant.Database! with { QueueTarget = TimeSpan.FromSeconds(60) } };

        var slow = AskAsync(bench, Request(bench) with { Role = "anon" });
        var next = await AskAsync(bench, Request(bench));

        Assert.Equal(All, next.Granted);
        Assert.Equal(ChannelAuthorizationError.QueryCanceled, (await slow).Error);
    }

    [Fact]
    public async Task Partition_that_is_missing_is_told_apart()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            create policy p on realtime.messages to authenticated using (true);
            do $$ declare r regclass; begin
              for r in select inhrelid from pg_inherits where inhparent = 'realtime.messages'::regclass loop execute 'drop table ' || r; end loop;
            end $$
            """);

        Assert.Equal(ChannelAuthorizationError.MissingPartition, (await AskAsync(bench, Request(bench) with { Check = ChannelPermissions.ReadBroadcast })).Error);
        Assert.Equal(ChannelAuthorizationError.MissingPartition, (await AskAsync(bench, Request(bench) with { Check = ChannelPermissions.WriteBroadcast })).Error);
    }

    [Fact]
    public async Task Nothing_stays_in_the_table_or_on_the_pooled_connection()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("""
            create policy good on realtime.messages to authenticated using (true);
            create policy bad on realtime.messages to anon using (1 / (length(topic) * 0) = 1);
            """);
        int[] backends = [0, 0];

        foreach (var (role, index) in new[] { ("authenticated", 0), ("anon", 1) })
        {
            await AskAsync(bench, Request(bench) with { Role = role });

            await using var lease = await bench.Connections.OpenAsync(bench.Tenant, TenantConnectionPurpose.General, TenantWorkbench.Token);
            await using var command = new NpgsqlCommand("""
                select concat_ws('|', current_user, current_setting('role'), current_setting('realtime.topic', true),
                  current_setting('request.jwt.claims', true), current_setting('request.headers', true), current_setting('realtime.probe_granted', true),
                  current_setting('statement_timeout'), pg_current_xact_id_if_assigned() is null, pg_backend_pid())
                """, lease.Connection);
            var state = ((string)(await command.ExecuteScalarAsync(TenantWorkbench.Token))!).Split('|');
            backends[index] = int.Parse(state[^1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(["supabase_admin", "none", "", "", "", "", "0", "t"], state[..^1]);
        }

        Assert.Equal(backends[0], backends[1]); // it was the same connection
        Assert.Equal(0, await bench.QueryAsync<long>("select count(*) from realtime.messages"));
    }

    [Fact]
    public async Task Change_of_a_policy_counts_at_the_next_call()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        await bench.ExecuteAsync("create policy p on realtime.messages to authenticated using (true)");
        var before = await AskAsync(bench, Request(bench));

        await bench.ExecuteAsync("drop policy p on realtime.messages");

        Assert.Equal(All, before.Granted);
        Assert.Equal(ChannelPermissions.None, (await AskAsync(bench, Request(bench))).Granted);
    }

    [Fact]
    public async Task Ten_thousand_joins_of_a_thousand_users_cost_one_evaluation_each()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server);
        bench.Tenant = bench.Tenant with { Database = bench.Tenant.Database! with { QueueTarget = TimeSpan.FromSeconds(60) } };
        await bench.ExecuteAsync("create policy p on realtime.messages to authenticated using (current_setting('request.jwt.claim.sub') like 'user-%')");
        await bench.Preparation.EnsureAsync(bench.Tenant, TenantWorkbench.Token);
        var busy = await bench.Connections.OpenAsync(bench.Tenant, TenantConnectionPurpose.General, TenantWorkbench.Token);

        var joins = Enumerable.Range(0, 10_000).Select(n => AskAsync(bench, Request(bench) with
        {
            Subject = $"user-{n % 1000}", Check = ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence,
        })).ToList();
        await busy.DisposeAsync();
        var watch = Stopwatch.StartNew();
        var answers = await Task.WhenAll(joins);

        TestContext.Current.SendDiagnosticMessage($"10,000 joins took {watch.Elapsed}");
        Assert.All(answers, a => Assert.Equal(ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence, a.Granted));
        Assert.Equal(1000, bench.Authorizer.EvaluationCount);
    }

    [Fact]
    public async Task Different_claims_never_share_an_evaluation()
    {
        await using var bench = await TenantWorkbench.CreatePreparedAsync(postgres.Server, poolSize: 2);
        await bench.ExecuteAsync("create policy p on realtime.messages to authenticated using (current_setting('request.jwt.claims')::json ->> 'ok' = 'yes')");

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => AskAsync(bench, Request(bench) with
        {
            ClaimsJson = JsonSerializer.Serialize(new { ok = n % 2 == 0 ? "yes" : "no" }),
        })));

        Assert.All(answers.Index(), a => Assert.Equal(a.Index % 2 == 0 ? All : ChannelPermissions.None, a.Item.Granted));
    }

    [Fact]
    public async Task First_use_of_an_empty_database_sets_it_up()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);

        var answer = await AskAsync(bench, Request(bench));

        Assert.Equal(ChannelAuthorizationError.None, answer.Error);
        Assert.Equal(5, await bench.QueryAsync<long>("select count(*) from pg_inherits where inhparent = 'realtime.messages'::regclass"));
    }

    [Fact]
    public async Task Unknown_or_unreachable_or_suspended_tenant_is_unavailable()
    {
        await using var bench = await TenantWorkbench.CreateAsync(postgres.Server);
        var request = Request(bench);

        Assert.Equal(ChannelAuthorizationError.DatabaseUnavailable, (await AskAsync(bench, request with { Tenant = new TenantId("nobody") })).Error);
        bench.Tenant = bench.Tenant with { Suspended = true };
        Assert.Equal(ChannelAuthorizationError.DatabaseUnavailable, (await AskAsync(bench, request)).Error);
        bench.Tenant = bench.Tenant with { Suspended = false, Database = bench.Tenant.Database! with { Host = "" } };
        Assert.Equal(ChannelAuthorizationError.DatabaseUnavailable, (await AskAsync(bench, request)).Error);
        bench.Tenant = bench.Tenant with { Database = null };
        Assert.Equal(ChannelAuthorizationError.DatabaseUnavailable, (await AskAsync(bench, request)).Error);
    }

    [Fact]
    public async Task Database_that_goes_down_and_comes_back_serves_again()
    {
        await using var server = await PostgresServer.StartAsync(TenantWorkbench.Token);
        await using var bench = await TenantWorkbench.CreatePreparedAsync(server);
        await bench.ExecuteAsync("create policy p on realtime.messages to authenticated using (true)");
        await bench.ExecuteAsync("checkpoint"); // the tests' server does not flush: a crash would lose the policy
        await AskAsync(bench, Request(bench));

        await server.StopAsync(TenantWorkbench.Token);
        var down = await AskAsync(bench, Request(bench));
        await server.RestartAsync(TenantWorkbench.Token);
        var up = await AskAsync(bench, Request(bench));

        Assert.Equal(ChannelAuthorizationError.DatabaseUnavailable, down.Error);
        Assert.Equal(All, up.Granted);
    }

    [Fact]
    public async Task Restart_between_two_calls_is_not_noticed()
    {
        await using var server = await PostgresServer.StartAsync(TenantWorkbench.Token);
        await using var bench = await TenantWorkbench.CreatePreparedAsync(server);
        await bench.ExecuteAsync("create policy p on realtime.messages to authenticated using (true)");
        await bench.ExecuteAsync("checkpoint"); // the tests' server does not flush: a crash would lose the policy
        await AskAsync(bench, Request(bench));

        await server.StopAsync(TenantWorkbench.Token);
        await server.RestartAsync(TenantWorkbench.Token);

        Assert.Equal(All, (await AskAsync(bench, Request(bench))).Granted);
    }

    private static Task<ChannelAuthorization> AskAsync(TenantWorkbench bench, ChannelAuthorizationRequest request) =>
        bench.Authorizer.AuthorizeAsync(request, TenantWorkbench.Token).AsTask();

    private static ChannelAuthorizationRequest Request(TenantWorkbench bench) => new(
        bench.Tenant.Id, "room:1", "authenticated", "user-1", """{"role":"authenticated","sub":"user-1","team":"red"}""", """{"x-device":"phone"}""", All);
}
