using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tests.Api;

public sealed partial class TenantRoutesTests(Databases databases)
{
    [Fact]
    public async Task Created_tenant_is_shown_with_exactly_the_documented_keys()
    {
        await using var host = await AdminHost.StartAsync(databases);

        var created = await host.PutAsync("acme", host.Tenant(("name", "ignored")));
        var shown = await host.GetAsync("/api/tenants/acme");

        Assert.Equal(201, created.Status);
        Assert.Equal("/api/tenants/acme", created.Location);
        Assert.Equal(200, shown.Status);
        Assert.Equal(created.Body, shown.Body);
        Assert.Equal("application/json; charset=utf-8", shown.ContentType);
        var data = shown.Json.GetProperty("data");
        Assert.Equal(
            [
                "id", "external_id", "name", "max_concurrent_users", "max_channels_per_client", "max_events_per_second", "max_joins_per_second",
                "inserted_at", "extensions", "private_only", "max_client_presence_events_per_window", "client_presence_window_ms", "presence_enabled",
            ],
            data.EnumerateObject().Select(p => p.Name));
        Assert.Equal("acme", data.GetProperty("name").GetString());
        Assert.Matches(Timestamp(), data.GetProperty("inserted_at").GetString());
        var extension = data.GetProperty("extensions")[0];
        Assert.Equal(["type", "settings", "inserted_at", "updated_at"], extension.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            [
                "db_host", "db_name", "db_port", "db_user", "poll_interval_ms", "poll_max_changes", "poll_max_record_bytes", "publication", "region",
                "slot_name", "ssl_enforced",
            ],
            extension.GetProperty("settings").EnumerateObject().Select(p => p.Name));
        Assert.Equal(24, extension.GetProperty("settings").GetProperty("db_host").GetString()!.Length);
        Assert.Equal(host.Migrations.Count, await host.QueryAsync<int>("select migrations_ran from tenants"));
        Assert.Equal([TenantChanges.None], host.Bus.Take());
    }

    [Fact]
    public async Task Post_creates_then_updates()
    {
        await using var host = await AdminHost.StartAsync(databases);

        var created = await host.PostAsync(host.Tenant(("external_id", "acme")));
        var updated = await host.PostAsync(new { external_id = "acme", max_events_per_second = 9 });

        Assert.Equal(201, created.Status);
        Assert.Equal(200, updated.Status);
        Assert.Equal("/api/tenants/acme", updated.Location);
        Assert.Equal(9, updated.Json.GetProperty("data").GetProperty("max_events_per_second").GetInt32());
        Assert.Equal([TenantChanges.None, TenantChanges.ResetEventCounters], host.Bus.Take());
    }

    [Fact]
    public async Task List_has_all_tenants()
    {
        await using var host = await AdminHost.StartAsync(databases);
        Assert.Equal("""{"data":[]}""", (await host.GetAsync("/api/tenants")).Body);
        await host.CreateAsync("acme");
        await host.CreateAsync("globex");

        var answer = await host.GetAsync("/api/tenants");

        Assert.Equal(["acme", "globex"], answer.Json.GetProperty("data").EnumerateArray().Select(t => t.GetProperty("external_id").GetString()).Order());
    }

    [Fact]
    public async Task Alias_of_the_pool_size_replaces_the_stored_one()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme", ("extensions", new[] { new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(("subcriber_pool_size", 3)) } }));

        var answer = await host.PutAsync("acme", new { extensions = new[] { new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(("postgres_changes_pool", 10), ("subcriber_pool_size", 4)) } } });

        var settings = answer.Json.GetProperty("data").GetProperty("extensions")[0].GetProperty("settings");
        Assert.Equal(10, settings.GetProperty("subcriber_pool_size").GetInt32());
        Assert.False(settings.TryGetProperty("postgres_changes_pool", out _));
    }

    [Fact]
    public async Task Unknown_tenants_are_not_found_but_can_be_deleted()
    {
        await using var host = await AdminHost.StartAsync(databases);

        Answer[] answers =
        [
            await host.GetAsync("/api/tenants/nope"),
            await host.GetAsync("/api/tenants/nope/health"),
            await host.SendAsync(HttpMethod.Post, "/api/tenants/nope/reload"),
            await host.SendAsync(HttpMethod.Post, "/api/tenants/nope/shutdown"),
        ];
        var deleted = await host.SendAsync(HttpMethod.Delete, "/api/tenants/nope");

        Assert.All(answers, answer => Assert.Equal((404, """{"message":"not found"}"""), (answer.Status, answer.Body)));
        Assert.Equal((204, ""), (deleted.Status, deleted.Body));
        Assert.Contains("Error: TenantNotFound: nope ", host.Logs.Lines);
    }

    [Fact]
    public async Task Only_the_management_secrets_sign_and_blocked_tokens_are_refused()
    {
        var blocked = OperatorToken.Sign("next-secret", """{"blocked":true}""");
        await using var host = await AdminHost.StartAsync(databases, ("API_JWT_SECRET_NEXT", "next-secret"), ("API_TOKEN_BLOCKLIST", $"other,{blocked}"));

        Assert.Equal(200, await StatusAsync(host, $"Bearer {OperatorToken.Sign(AdminHost.ApiSecret)}"));
        Assert.Equal(200, await StatusAsync(host, $"Bearer {OperatorToken.Sign("next-secret")}"));
        Assert.Equal(403, await StatusAsync(host, $"Bearer {blocked}"));
        Assert.Equal(403, await StatusAsync(host, $"Bearer {OperatorToken.Sign("wrong")}"));
        Assert.Equal(403, await StatusAsync(host, $"bearer {OperatorToken.Sign(AdminHost.ApiSecret)}"));
        Assert.Equal(403, await StatusAsync(host, $"Bearer {OperatorToken.Sign(AdminHost.ApiSecret, """{"exp":1}""")}"));
        Assert.Equal(403, await StatusAsync(host, "Bearer potato"));
        Assert.Equal(403, await StatusAsync(host, null));
    }

    [Theory]
    [InlineData("GET", "/api/tenants")]
    [InlineData("POST", "/api/tenants")]
    [InlineData("GET", "/api/tenants/acme")]
    [InlineData("PUT", "/api/tenants/acme")]
    [InlineData("PATCH", "/api/tenants/acme")]
    [InlineData("DELETE", "/api/tenants/acme")]
    [InlineData("POST", "/api/tenants/acme/reload")]
    [InlineData("POST", "/api/tenants/acme/shutdown")]
    [InlineData("GET", "/api/tenants/acme/health")]
    public async Task Every_route_asks_for_json_first_and_for_a_token_then(string method, string path)
    {
        await using var host = await AdminHost.StartAsync(databases);
        host.Client.DefaultRequestHeaders.Authorization = null;

        var forbidden = await host.SendAsync(new HttpMethod(method), path);
        host.Client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        var notAcceptable = await host.SendAsync(new HttpMethod(method), path);

        Assert.Equal((403, "", null), (forbidden.Status, forbidden.Body, forbidden.ContentType));
        Assert.Equal(406, notAcceptable.Status);
    }

    [Theory]
    [InlineData("POST", "/api/tenants", "application/json", "{}", "\"Bad Request\"")]
    [InlineData("POST", "/api/tenants", "application/json", "[]", "\"Bad Request\"")]
    [InlineData("PUT", "/api/tenants/a", "application/json", "", "\"Bad Request\"")]
    [InlineData("PUT", "/api/tenants/a", "text/plain", "{\"tenant\":{}}", "\"Bad Request\"")]
    [InlineData("PUT", "/api/tenants/a", "application/json", "{\"tenant\":", "Bad Request")]
    public async Task Body_without_a_tenant_is_a_bad_request(string method, string path, string contentType, string body, string expected)
    {
        await using var host = await AdminHost.StartAsync(databases);
        var content = new StringContent(body, Encoding.UTF8);
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);

        var answer = await host.SendAsync(new HttpMethod(method), path, content);

        Assert.Equal((400, expected), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Body_deeper_than_a_tenant_can_be_is_a_bad_request()
    {
        await using var host = await AdminHost.StartAsync(databases);
        var deep = new string('[', 10_000) + new string(']', 10_000);

        var answer = await host.SendJsonAsync(HttpMethod.Put, "/api/tenants/a", $"{{\"tenant\":{{\"feature_flags\":{deep}}}}}");

        Assert.Equal((400, "\"Bad Request\""), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Failed_migration_of_a_new_tenant_keeps_the_row_and_says_what_failed()
    {
        await using var host = await AdminHost.StartAsync(databases);
        var broken = new[] { new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(("db_name", "missing"), ("db_password", "geheim")) } };

        var answer = await host.PutAsync("acme", host.Tenant(("extensions", broken)));

        Assert.Equal(422, answer.Status);
        var message = answer.Json.GetProperty("message").GetString()!;
        Assert.StartsWith("The tenant was stored, but its database could not be migrated: database \"missing\" does not exist (3D000)", message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", string.Join('\n', host.Logs.Lines), StringComparison.Ordinal);
        Assert.Equal(0, await host.QueryAsync<int>("select migrations_ran from tenants where external_id = 'acme'"));
        Assert.Equal(200, (await host.PutAsync("acme", new { max_events_per_second = 5 })).Status);
    }

    [Fact]
    public async Task Tenant_without_a_database_is_stored_and_can_be_deleted()
    {
        await using var host = await AdminHost.StartAsync(databases);

        var created = await host.PutAsync("acme", host.Tenant(("extensions", new[] { new { type = "other", settings = new { a = 1 } } })));
        var deleted = await host.SendAsync(HttpMethod.Delete, "/api/tenants/acme");

        Assert.Equal(422, created.Status);
        Assert.Contains("no postgres_cdc_rls extension", created.Body, StringComparison.Ordinal);
        Assert.Equal(204, deleted.Status);
        Assert.Equal(0, await host.QueryAsync<long>("select count(*) from tenants"));
    }

    [Fact]
    public async Task Suspended_tenant_is_created_without_a_connection()
    {
        await using var host = await AdminHost.StartAsync(databases);

        var answer = await host.PutAsync("acme", host.Tenant(("suspend", true)));

        Assert.Equal(201, answer.Status);
        Assert.Equal(0, host.Migrations.Runs);
    }

    [Fact]
    public async Task Missing_key_is_named_in_the_answer()
    {
        await using var host = await AdminHost.StartAsync(databases, ("DB_ENC_KEY", null));

        var answer = await host.PutAsync("acme", host.Tenant());

        Assert.Equal(500, answer.Status);
        Assert.Contains("DB_ENC_KEY is not set", answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, await host.QueryAsync<long>("select count(*) from tenants"));
    }

    [Fact]
    public async Task Health_is_good_while_nobody_needs_the_database_and_its_migrations_are_complete()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        var answer = await host.GetAsync("/api/tenants/acme/health");

        var data = answer.Json.GetProperty("data");
        Assert.Equal(200, answer.Status);
        Assert.Equal(["healthy", "db_connected", "replication_connected", "connected_cluster", "region", "node"], data.EnumerateObject().Select(p => p.Name));
        Assert.True(data.GetProperty("healthy").GetBoolean());
        Assert.False(data.GetProperty("db_connected").GetBoolean());
        Assert.Equal(0, data.GetProperty("connected_cluster").GetInt32());
        Assert.Equal("eu-west-2", data.GetProperty("region").GetString());
        Assert.StartsWith("tenant-admin-", data.GetProperty("node").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_bad_while_users_are_connected_and_the_database_is_not()
    {
        await using var host = await AdminHost.StartAsync(databases, ("REGION", null));
        await host.CreateAsync("acme");
        host.Services.GetRequiredService<INodeDirectory>().ReportUsers(NodeId.New("socket"), new TenantId("acme"), 3);

        var data = (await host.GetAsync("/api/tenants/acme/health")).Json.GetProperty("data");

        Assert.False(data.GetProperty("healthy").GetBoolean());
        Assert.Equal(3, data.GetProperty("connected_cluster").GetInt32());
        Assert.Equal(JsonValueKind.Null, data.GetProperty("region").ValueKind);
    }

    [Fact]
    public async Task Health_starts_pending_migrations_and_is_bad_until_they_are_done()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");
        await host.ExecuteAsync("update tenants set migrations_ran = 2");

        var before = (await host.GetAsync("/api/tenants/acme/health")).Json.GetProperty("data").GetProperty("healthy").GetBoolean();

        Assert.False(before);
        await Wait.UntilAsync("the tenant becomes healthy", async () =>
            (await host.GetAsync("/api/tenants/acme/health")).Json.GetProperty("data").GetProperty("healthy").GetBoolean());
        Assert.Equal(host.Migrations.Count, await host.QueryAsync<int>("select migrations_ran from tenants"));
    }

    [Fact]
    public async Task Head_answers_like_get_without_a_body()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        var answer = await host.SendAsync(HttpMethod.Head, "/api/tenants/acme/health");

        Assert.Equal((200, ""), (answer.Status, answer.Body));
    }

    private static async Task<int> StatusAsync(AdminHost host, string? authorization)
    {
        host.Client.DefaultRequestHeaders.Remove("Authorization");
        if (authorization is not null)
        {
            host.Client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        }

        return (await host.GetAsync("/api/tenants")).Status;
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")]
    private static partial Regex Timestamp();
}
