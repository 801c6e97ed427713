using System.Text;
using CsCheck;

namespace Realtime.TenantAdmin.Tests.Api;

public sealed class HostileBodyTests(Databases databases)
{
    private static readonly string[] Names =
    [
        "tenant", "external_id", "name", "jwt_secret", "jwt_jwks", "extensions", "type", "settings", "db_port", "db_host", "region",
        "max_events_per_second", "suspend", "private_only", "feature_flags", "broadcast_adapter", "postgres_changes_pool", "0", "\\u0000", "\\ud83d", "",
    ];

    private static readonly string[] Scalars =
    [
        "null", "true", "false", "0", "-1", "2147483648", "1e400", "1e-999999999", "1.5", "\"\"", "\" \"", "\"x\"", "\"1\"", "\"\\u0000\"", "\"\\ud800\"",
        "\"postgres\"", "\"postgres_cdc_rls\"", "\"gen_rpc\"", "\"acme\"", "[]", "{}",
    ];

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, nested) => depth > 4
        ? Gen.OneOfConst(Scalars)
        : Gen.Frequency(
            (4, Gen.OneOfConst(Scalars)),
            (1, nested.Array[0, 3].Select(items => $"[{string.Join(',', items)}]")),
            (4, Gen.Select(Gen.OneOfConst(Names), nested).Array[0, 5].Select(pairs => $"{{{string.Join(',', pairs.Select(p => $"\"{p.Item1}\":{p.Item2}"))}}}"))));

    [Fact]
    public async Task No_body_is_answered_with_a_server_error()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.CreateAsync("acme");
        var bodies = Gen.OneOf(
                Json,
                Json.Select(tenant => $"{{\"tenant\":{tenant}}}"),
                Gen.Select(Gen.OneOfConst(Names), Json, Json).Select((name, value, more) =>
                    $"{{\"tenant\":{{\"jwt_secret\":\"s\",\"extensions\":[{{\"type\":\"other\",\"settings\":{more}}}],\"{name}\":{value}}}}}"))
            .Array[200].Single();

        foreach (var body in bodies)
        {
            foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Post, "/api/tenants"), (HttpMethod.Put, "/api/tenants/acme"), (HttpMethod.Put, "/api/tenants/new")])
            {
                AssertNoServerError(await host.SendJsonAsync(method, path, body), body);
            }
        }
    }

    [Fact]
    public async Task No_path_is_answered_with_a_server_error()
    {
        await using var host = await AdminHost.StartAsync(databases);

        foreach (var id in (string[])["%00", "%FF", "%F0%9F%98%80", "%0A", "'", "%2F", "%25", ";", "a%20b", "%ED%A0%80", new string('x', 3000)])
        {
            foreach (var method in (string[])["GET", "PUT", "DELETE"])
            {
                var content = new StringContent("""{"tenant":{}}""", Encoding.UTF8, "application/json");
                AssertNoServerError(await host.SendAsync(new HttpMethod(method), $"/api/tenants/{id}", content), $"{method} {id}");
            }
        }
    }

    private static void AssertNoServerError(Answer answer, string what) =>
        Assert.True(answer.Status < 500, $"{what}: {answer.Status} {answer.Body}");
}
