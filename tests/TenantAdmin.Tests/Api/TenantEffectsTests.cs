using Microsoft.Extensions.DependencyInjection;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using static Realtime.Contracts.Tenants.TenantChanges;

namespace Realtime.TenantAdmin.Tests.Api;

/// <summary>What changes set off: http-api.md 7.9, 7.10, 7.11 and 7.13.</summary>
public sealed class TenantEffectsTests(Databases databases)
{
    [Fact]
    public async Task Each_changed_field_has_its_own_effect()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");
        var extensions = new[] { new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(("db_pool", 2)) } };
        (string Field, object? Value, TenantChanges Expected)[] steps =
        [
            ("jwt_secret", "other", Disconnect | RestartDatabase),
            ("jwt_jwks", new { keys = Array.Empty<object>() }, Disconnect | RestartDatabase),
            ("suspend", true, Disconnect | RestartDatabase),
            ("suspend", false, Disconnect | RestartDatabase),
            ("private_only", true, Disconnect),
            ("extensions", extensions, RestartDatabase | ResetErrorCounters),
            ("max_events_per_second", 1, ResetEventCounters),
            ("max_joins_per_second", 1, ResetJoinCounters),
            ("max_presence_events_per_second", 1, ResetPresenceCounters),
            ("max_concurrent_users", 1, TenantChanges.None),
            ("max_bytes_per_second", 1, TenantChanges.None),
            ("max_channels_per_client", 1, TenantChanges.None),
            ("max_payload_size_in_kb", 1, TenantChanges.None),
            ("max_client_presence_events_per_window", 1, TenantChanges.None),
            ("client_presence_window_ms", 1, TenantChanges.None),
            ("presence_enabled", true, TenantChanges.None),
            ("broadcast_adapter", "phoenix", TenantChanges.None),
            ("feature_flags", new { a = true }, TenantChanges.None),
            ("postgres_cdc_default", "x", TenantChanges.None),
            ("name", "Acme", TenantChanges.None),
        ];

        foreach (var (field, value, expected) in steps)
        {
            var answer = await host.PutAsync("acme", new Dictionary<string, object?> { [field] = value });

            Assert.Equal((field, 200), (field, answer.Status));
            Assert.Equal((field, expected), (field, Assert.Single(host.Bus.Take())));

            await host.PutAsync("acme", new Dictionary<string, object?> { [field] = value });

            Assert.Equal((field, 0), (field, host.Bus.Take().Count));
        }
    }

    [Fact]
    public async Task Put_of_the_same_object_changes_nothing_at_all()
    {
        await using var host = await AdminHost.StartAsync(databases);
        var tenant = host.Tenant(("max_events_per_second", 3), ("jwt_jwks", new { keys = new[] { new { kty = "oct", k = "AAAA" } } }), ("feature_flags", new { a = true }));
        await host.PutAsync("acme", tenant);
        host.Bus.Take();
        await host.ExecuteAsync("update tenants set updated_at = '2000-01-01'");
        const string Rows = "select concat(t, e) from tenants t join extensions e on e.tenant_external_id = t.external_id";
        var before = await host.QueryAsync<string>(Rows);

        tenant.Remove("name");
        var answer = await host.PutAsync("acme", tenant);

        Assert.Equal(200, answer.Status);
        Assert.Empty(host.Bus.Take());
        Assert.Equal(before, await host.QueryAsync<string>(Rows));
    }

    [Fact]
    public async Task Several_changes_are_announced_as_one()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        await host.PutAsync("acme", new { private_only = true, max_events_per_second = 1, max_joins_per_second = 2 });

        Assert.Equal([Disconnect | ResetEventCounters | ResetJoinCounters], host.Bus.Take());
        Assert.Contains("Warning: Disconnecting all sockets for tenant acme ", host.Logs.Lines);
    }

    [Fact]
    public async Task Empty_list_removes_all_extensions()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        var answer = await host.PutAsync("acme", new { extensions = Array.Empty<object>() });

        Assert.Equal(200, answer.Status);
        Assert.Equal([RestartDatabase | ResetErrorCounters], host.Bus.Take());
        Assert.Equal(0, await host.QueryAsync<long>("select count(*) from extensions"));
    }

    [Fact]
    public async Task Secret_that_cannot_be_read_is_mended_by_a_new_one()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");
        await host.ExecuteAsync("update tenants set jwt_secret = 'g1:lost'");

        var answer = await host.PutAsync("acme", new { jwt_secret = "s3cr3t-acme" });

        Assert.Equal(200, answer.Status);
        Assert.Equal([Disconnect | RestartDatabase], host.Bus.Take());
        var found = await host.Services.GetRequiredService<ITenantStore>().FindAsync(new TenantId("acme"), TestContext.Current.CancellationToken);
        Assert.Equal("s3cr3t-acme", found!.JwtSecret);
    }

    [Fact]
    public async Task Reload_disconnects_and_restarts()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        var answer = await host.SendAsync(HttpMethod.Post, "/api/tenants/acme/reload");

        Assert.Equal((204, ""), (answer.Status, answer.Body));
        Assert.Equal(Disconnect | RestartDatabase, host.Bus.Take().Aggregate((all, one) => all | one));
    }

    [Fact]
    public async Task Shutdown_leaves_the_sockets_alone()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        var answer = await host.SendAsync(HttpMethod.Post, "/api/tenants/acme/shutdown");

        Assert.Equal((204, ""), (answer.Status, answer.Body));
        Assert.Equal([RestartDatabase], host.Bus.Take());
    }

    [Fact]
    public async Task Delete_disconnects_forgets_and_drops_all_slots_of_the_name_even_one_in_use()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");
        await host.ExecuteAsync(
            $"select pg_create_logical_replication_slot('a_realtime_{host.Database}', 'pgoutput'), pg_create_logical_replication_slot('other_{host.Database}', 'pgoutput')");
        await using var reader = new LogicalReplicationConnection(databases.Server.ConnectionString(host.Database));
        await reader.Open(token);
        var slot = await reader.CreatePgOutputReplicationSlot($"b_realtime_{host.Database}", cancellationToken: token);
        await host.ExecuteAsync("create publication p for all tables");
        var reading = Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (var _ in reader.StartReplication(slot, new PgOutputReplicationOptions("p", PgOutputProtocolVersion.V1), token))
            {
            }
        });
        await Wait.UntilAsync("the slot is in use", () => host.QueryAsync<bool>($"select active from pg_replication_slots where slot_name = 'b_realtime_{host.Database}'"));

        var answer = await host.SendAsync(HttpMethod.Delete, "/api/tenants/acme");

        Assert.Equal((204, ""), (answer.Status, answer.Body));
        Assert.IsNotType<OperationCanceledException>(await reading);
        Assert.Equal(Disconnect, host.Bus.Take()[0]);
        Assert.Equal(404, (await host.GetAsync("/api/tenants/acme")).Status);
        Assert.Equal(0, await host.QueryAsync<long>("select count(*) from extensions"));
        Assert.Equal($"other_{host.Database}", await host.QueryAsync<string>("select string_agg(slot_name, ',') from pg_replication_slots where database = current_database()"));
        await host.ExecuteAsync($"select pg_drop_replication_slot('other_{host.Database}')");
    }

    [Fact]
    public async Task Delete_with_an_unreachable_database_removes_the_tenant_and_says_what_is_left()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");
        await host.PutAsync("acme", new { extensions = new[] { new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(("db_port", "1")) } } });
        host.Bus.Take();

        var answer = await host.SendAsync(HttpMethod.Delete, "/api/tenants/acme");

        Assert.Equal(500, answer.Status);
        Assert.StartsWith("The tenant was deleted, but its replication slots could not be dropped: ", answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(404, (await host.GetAsync("/api/tenants/acme")).Status);
        Assert.Contains(Disconnect, host.Bus.Take());
        Assert.Contains(host.Logs.Lines, line => line.StartsWith("Error: UnableToDeleteTenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Concurrent_creations_and_updates_of_one_tenant_end_in_one_row()
    {
        await using var host = await AdminHost.StartAsync(databases, ("DB_POOL_SIZE", "8"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => host.PutAsync("acme", host.Tenant(("max_events_per_second", i)))));

        Assert.All(answers, answer => Assert.True(
            answer.Status is 200 or 201 || answer is { Status: 422, Body: """{"errors":{"external_id":["has already been taken"]}}""" },
            $"{answer.Status} {answer.Body}"));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(1, await host.QueryAsync<long>("select count(*) from tenants"));
        Assert.Equal(1, await host.QueryAsync<long>("select count(*) from extensions"));
    }
}
