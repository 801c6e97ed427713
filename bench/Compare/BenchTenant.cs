using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Realtime.Load.CommandLine;
using Realtime.Load.Runs;

namespace Realtime.Compare;

/// <summary>The tenant under load, made over the management API (http-api.md 7.6).</summary>
internal static class BenchTenant
{
    private const int Unlimited = 1_000_000_000;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Creates or updates the tenant so that no limit is ever met.</summary>
    /// <exception cref="LoadFailedException">The server refused.</exception>
    public static async Task CreateAsync(Uri server, string name, string secret, CancellationToken cancellationToken)
    {
        var managementSecret = Environment.GetEnvironmentVariable("API_JWT_SECRET")
            ?? throw new LoadFailedException("API_JWT_SECRET is not set.");
        using var client = new HttpClient { Timeout = RequestTimeout };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, "/api/tenants"))
        {
            Content = JsonContent.Create(Body(name, secret)),
        };
        request.Headers.Authorization =
            new AuthenticationHeaderValue("Bearer", ClientToken.Sign(managementSecret, "{}", TimeProvider.System.GetUtcNow()));
        using var response = await client.SendAsync(request, cancellationToken);
        if (response.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.OK))
        {
            var answer = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new LoadFailedException($"Tenant {name} was not created: {(int)response.StatusCode} {answer}");
        }
    }

    private static JsonObject Body(string name, string secret) => new()
    {
        ["tenant"] = new JsonObject
        {
            ["external_id"] = name,
            ["name"] = name,
            ["jwt_secret"] = secret,
            ["max_concurrent_users"] = Unlimited,
            ["max_events_per_second"] = Unlimited,
            ["max_joins_per_second"] = Unlimited,
            ["max_bytes_per_second"] = Unlimited,
            ["max_channels_per_client"] = Unlimited,
            ["max_presence_events_per_second"] = Unlimited,
            ["extensions"] = new JsonArray(new JsonObject
            {
                ["type"] = "postgres_cdc_rls",
                ["settings"] = new JsonObject
                {
                    ["region"] = "us-east-1",
                    ["db_host"] = Setting("REALTIME_DB_HOST", "127.0.0.1"),
                    ["db_port"] = Setting("REALTIME_DB_PORT", "5432"),
                    ["db_name"] = "postgres",
                    ["db_user"] = Setting("REALTIME_DB_USER", "supabase_admin"),
                    ["db_password"] = Setting("REALTIME_DB_PASSWORD", "postgres"),
                    ["ssl_enforced"] = false,
                },
            }),
        },
    };

    private static string Setting(string name, string fallback) => Environment.GetEnvironmentVariable(name) ?? fallback;
}
