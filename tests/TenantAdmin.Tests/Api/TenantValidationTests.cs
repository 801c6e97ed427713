using System.Text.Json;

namespace Realtime.TenantAdmin.Tests.Api;

/// <summary>Every line of the table in http-api.md 7.4, and what the reference server answers with 500.</summary>
public sealed class TenantValidationTests(Databases databases)
{
    private const string Good = """{"region":"x","db_host":"127.0.0.1","db_port":"1","db_name":"d","db_user":"u","db_password":"p"}""";

    public static TheoryData<string, string> PostErrors() => new()
    {
        { """{"extensions":[]}""", """{"external_id":["can't be blank"]}""" },
        { """{"external_id":null,"extensions":[]}""", """{"external_id":["can't be blank"]}""" },
        { """{"external_id":"  ","extensions":[]}""", """{"external_id":["can't be blank"]}""" },
        { """{"external_id":7,"extensions":[]}""", """{"external_id":["is invalid"]}""" },
        { """{"external_id":"a\u0000b","extensions":[]}""", """{"external_id":["is invalid"]}""" },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":%}]""", secret: ""), """{"jwt_secret":["either jwt_secret or jwt_jwks must be provided"]}""" },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":%}]""", secret: "\"jwt_secret\":\"\",\"jwt_jwks\":null,"), """{"jwt_secret":["either jwt_secret or jwt_jwks must be provided"]}""" },
        { Tenant("""[{"settings":%}]"""), """{"extensions":[{"type":["can't be blank"]}]}""" },
        { Tenant("""[{"type":" ","settings":%}]"""), """{"extensions":[{"type":["can't be blank"]}]}""" },
        { Tenant("""[{"type":5,"settings":%}]"""), """{"extensions":[{"type":["is invalid"]}]}""" },
        { Tenant("[{}]"), """{"extensions":[{"type":["can't be blank"],"settings":["can't be blank"]}]}""" },
        {
            Tenant("""[{"type":"postgres_cdc_rls","settings":{"db_user":"u","db_name":"d","db_port":"1","db_host":"h"}}]"""),
            """{"extensions":[{"settings":["db_password can't be blank","region can't be blank"]}]}"""
        },
        {
            Tenant("""[{"type":"postgres","settings":{}}]"""),
            """
            {"extensions":[{"settings":["db_password can't be blank","db_user can't be blank","db_name can't be blank",
              "db_port can't be blank","db_host can't be blank","region can't be blank"]}]}
            """
        },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":%}]""".Replace("%", Good.Replace("\"x\"", "[1]", StringComparison.Ordinal), StringComparison.Ordinal)), """{"extensions":[{"settings":["region is invalid"]}]}""" },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":%}]""".Replace("%", Good.Replace("\"1\"", "5432", StringComparison.Ordinal), StringComparison.Ordinal)), """{"extensions":[{"settings":["db_port is invalid"]}]}""" },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":%},{"type":"postgres","settings":%}]"""), """{"extensions":[{},{"tenant_external_id":["has already been taken"]}]}""" },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":%},{"type":"other"}]"""), """{"extensions":[{},{"settings":["can't be blank"]}]}""" },
        { Tenant("""[{"type":"postgres_cdc_rls","settings":"x"}]"""), """{"extensions":[{"settings":["is invalid"]}]}""" },
        { Tenant("""[{"type":"other","settings":{"a":"\u0000"}}]"""), """{"extensions":[{"settings":["is invalid"]}]}""" },
        { Tenant("null"), """{"extensions":["is invalid"]}""" },
        { Tenant("[1]"), """{"extensions":["is invalid"]}""" },
        { Tenant("[null]"), """{"extensions":["is invalid"]}""" },
        { Tenant("""{"type":"postgres_cdc_rls","settings":%}"""), """{"extensions":["is invalid"]}""" },
        { Tenant("\"text\""), """{"extensions":["is invalid"]}""" },
        { Tenant("[]"), """{"extensions":["can't be blank"]}""" },
        { """{"external_id":"acme","jwt_secret":"s"}""", """{"extensions":["can't be blank"]}""" },
        { "7", """{"tenant":["is invalid"]}""" },
        { "null", """{"tenant":["is invalid"]}""" },
    };

    public static TheoryData<string, string> WrongValues()
    {
        var data = new TheoryData<string, string>();
        string[] integers =
        [
            "max_concurrent_users", "max_events_per_second", "max_bytes_per_second", "max_channels_per_client", "max_joins_per_second",
            "max_presence_events_per_second", "max_payload_size_in_kb", "max_client_presence_events_per_window", "client_presence_window_ms",
        ];
        foreach (var field in integers)
        {
            foreach (var value in (string[])["1.5", "1.0", "1e2", "true", "{}", "[]", "\"x\"", "\" 1\"", "2147483648", "\"99999999999999999999\""])
            {
                data.Add(field, value);
            }
        }

        foreach (var field in (string[])["suspend", "private_only", "presence_enabled"])
        {
            foreach (var value in (string[])["1", "0", "\"yes\"", "{}", "\"TRUE\""])
            {
                data.Add(field, value);
            }
        }

        foreach (var field in (string[])["jwt_jwks", "feature_flags"])
        {
            foreach (var value in (string[])["\"x\"", "[]", "1", "true", """{"a":"\u0000"}""", """{"a":1e999999}"""])
            {
                data.Add(field, value);
            }
        }

        foreach (var field in (string[])["name", "jwt_secret", "postgres_cdc_default", "broadcast_adapter"])
        {
            foreach (var value in (string[])["1", "{}", "\"\\u0000\""])
            {
                data.Add(field, value);
            }
        }

        data.Add("broadcast_adapter", "\"other\"");
        return data;
    }

    [Fact]
    public async Task Post_of_a_wrong_tenant_names_every_mistake_and_stores_nothing()
    {
        await using var host = await AdminHost.StartAsync(databases);

        foreach (var row in PostErrors())
        {
            var (tenant, errors) = row.Data;
            var answer = await host.SendJsonAsync(HttpMethod.Post, "/api/tenants", $"{{\"tenant\":{tenant}}}");

            Assert.True(answer.Status == 422, $"{tenant}: {answer.Status} {answer.Body}");
            Assert.Equal("application/json; charset=utf-8", answer.ContentType);
            AssertErrors(errors, answer, tenant);
        }

        Assert.Equal(0, await host.QueryAsync<long>("select count(*) from tenants"));
        Assert.Empty(host.Bus.Take());
    }

    [Fact]
    public async Task Value_of_a_wrong_type_is_invalid_on_creation_and_update()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        foreach (var row in WrongValues())
        {
            var (field, value) = row.Data;
            foreach (var externalId in (string[])["acme", "new"])
            {
                var extensions = externalId == "new" ? """,{"type":"postgres_cdc_rls","settings":%}""".Replace("%", Good, StringComparison.Ordinal)[1..] : null;
                var body = $"{{\"tenant\":{{\"jwt_jwks\":{{}},\"{field}\":{value}{(extensions is null ? "" : $",\"extensions\":[{extensions}]")}}}}}";
                var answer = await host.SendJsonAsync(HttpMethod.Put, $"/api/tenants/{externalId}", body);

                Assert.True(answer.Status == 422, $"{body}: {answer.Status} {answer.Body}");
                AssertErrors($"{{\"{field}\":[\"is invalid\"]}}", answer, body);
            }
        }
    }

    [Fact]
    public async Task Update_puts_an_empty_element_for_each_stored_extension_before_the_errors()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        var answer = await host.PutAsync("acme", new { extensions = new[] { new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(("region", 5)) } } });

        AssertErrors("""{"extensions":[{},{"settings":["region is invalid"]}]}""", answer, "region");
    }

    [Fact]
    public async Task Creation_by_put_drops_elements_without_type_or_settings_and_refuses_when_none_is_left()
    {
        await using var host = await AdminHost.StartAsync(databases);
        object good = new { type = "postgres_cdc_rls", settings = host.ExtensionSettings(), other = 1 };

        var none = await host.PutAsync("none", new { jwt_secret = "s", extensions = new object[] { new { }, new { type = "postgres_cdc_rls" } } });
        var one = await host.PutAsync("one", new { jwt_secret = "s", extensions = new[] { new { }, good } });

        AssertErrors("""{"extensions":["can't be blank"]}""", none, "none");
        Assert.Equal(201, one.Status);
        Assert.Equal(1, one.Json.GetProperty("data").GetProperty("extensions").GetArrayLength());
    }

    [Fact]
    public async Task External_id_of_an_existing_tenant_cannot_change()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        AssertErrors("""{"external_id":["can't be changed"]}""", await host.PutAsync("acme", new { external_id = "other" }), "changed");
        AssertErrors("""{"external_id":["can't be blank"]}""", await host.PutAsync("acme", new { external_id = "" }), "blank");
        AssertErrors("""{"external_id":["is invalid"]}""", await host.PutAsync("acme", new { external_id = 1 }), "number");
        Assert.Equal(200, (await host.PutAsync("acme", new { external_id = "acme" })).Status);
    }

    [Fact]
    public async Task External_id_that_no_index_can_hold_is_refused()
    {
        await using var host = await AdminHost.StartAsync(databases);
        const string Errors = """{"external_id":["should be at most 255 character(s)"]}""";

        AssertErrors(Errors, await host.PostAsync(host.Tenant(("external_id", new string('a', 256)))), "post");
        AssertErrors(Errors, await host.PutAsync(new string('a', 256), host.Tenant()), "put");
        AssertErrors("""{"external_id":["can't be blank"]}""", await host.PutAsync(" ", host.Tenant()), "blank path");
        Assert.Equal(201, (await host.PutAsync(new string('é', 255), host.Tenant())).Status);
    }

    [Fact]
    public async Task Tenant_keeps_at_least_one_way_to_sign()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");

        AssertErrors("""{"jwt_secret":["either jwt_secret or jwt_jwks must be provided"]}""", await host.PutAsync("acme", new { jwt_secret = (string?)null }), "null");
        Assert.Equal(200, (await host.PutAsync("acme", new { jwt_secret = (string?)null, jwt_jwks = new { keys = Array.Empty<int>() } })).Status);
        AssertErrors("""{"jwt_secret":["either jwt_secret or jwt_jwks must be provided"]}""", await host.PutAsync("acme", new { jwt_jwks = (string?)null }), "jwks");
    }

    [Fact]
    public async Task Null_resets_limits_and_flags_but_is_refused_where_it_would_loosen()
    {
        await using var host = await AdminHost.StartAsync(databases, ("TENANT_MAX_JOINS_PER_SECOND", "42"));
        await host.CreateAsync("acme", ("max_joins_per_second", 7), ("feature_flags", new { a = true }), ("suspend", true));

        var answer = await host.SendJsonAsync(HttpMethod.Patch, "/api/tenants/acme", """{"tenant":{"max_joins_per_second":null,"feature_flags":null,"suspend":null}}""");
        var refused = await host.SendJsonAsync(HttpMethod.Patch, "/api/tenants/acme", """{"tenant":{"private_only":null}}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("42 {} false", await host.QueryAsync<string>("select concat_ws(' ', max_joins_per_second, feature_flags, suspend::text) from tenants"));
        AssertErrors("""{"private_only":["can't be blank"]}""", refused, "private_only");
    }

    [Fact]
    public async Task Lenient_spellings_are_taken()
    {
        await using var host = await AdminHost.StartAsync(databases);
        var numbered = new Dictionary<string, object> { ["10"] = new { type = "other", settings = new { db_host = 5 } }, ["0"] = new { type = "postgres", settings = host.ExtensionSettings() } };

        var answer = await host.PostAsync(host.Tenant(
            ("external_id", "acme"), ("name", "ignored"), ("max_events_per_second", "250"), ("max_joins_per_second", -1), ("private_only", "1"),
            ("presence_enabled", "true"), ("suspend", "0"), ("unknown", "x"), ("migrations_ran", 99), ("extensions", numbered)));

        Assert.Equal(201, answer.Status);
        var data = answer.Json.GetProperty("data");
        Assert.Equal("acme", data.GetProperty("name").GetString());
        Assert.Equal(250, data.GetProperty("max_events_per_second").GetInt32());
        Assert.Equal(-1, data.GetProperty("max_joins_per_second").GetInt32());
        Assert.True(data.GetProperty("private_only").GetBoolean());
        Assert.True(data.GetProperty("presence_enabled").GetBoolean());
        Assert.Equal(["other", "postgres_cdc_rls"], data.GetProperty("extensions").EnumerateArray().Select(e => e.GetProperty("type").GetString()).Order());
        Assert.Equal(host.Migrations.Count, await host.QueryAsync<int>("select migrations_ran from tenants"));
    }

    private static string Tenant(string extensions, string secret = "\"jwt_secret\":\"s\",") =>
        $"{{\"external_id\":\"acme\",{secret}\"extensions\":{extensions.Replace("%", Good, StringComparison.Ordinal)}}}";

    private static void AssertErrors(string expected, Answer answer, string what)
    {
        Assert.True(answer.Status == 422, $"{what}: {answer.Status} {answer.Body}");
        Assert.True(
            JsonElement.DeepEquals(JsonElement.Parse($"{{\"errors\":{expected}}}"), answer.Json),
            $"{what}: expected {expected}, got {answer.Body}");
    }
}
