using System.Net;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Broadcast.Tests;

/// <summary>Who may call the broadcast routes, from where (http-api.md sections 2 to 5 and 18).</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private const string Path = "/api/broadcast";
    private const string Single = "/api/broadcast/room/events/tick";
    private const string One = """{"messages":[{"topic":"room:7","event":"tick","payload":{"n":1}}]}""";

    private BroadcastHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await BroadcastHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    public static TheoryData<string?, string?, string?, int> Credentials => new()
    {
        // authorization, apikey, x-api-key; G stands for a good token
        { "Bearer G", null, null, 202 },
        { "bearer G", null, null, 202 },
        { "BEARER G", null, null, 202 },
        { null, "G", null, 202 },
        { "", "G", null, 202 },
        { "Basic abc", "G", null, 202 },
        { "earer G", "G", null, 202 },
        { null, null, "G", 401 },
        { null, null, null, 401 },
        { "Basic G", null, null, 401 },
        { "Bearer bad", "G", null, 401 },
        { null, "bad", null, 401 },
        { "G", null, null, 401 },
        { "G", "G", null, 401 },
        { "Bearer G G", "G", null, 401 },
        { "Bearer a b c", null, null, 401 },
        { "Bearer  G", null, null, 401 },
    };

    [Theory]
    [MemberData(nameof(Credentials))]
    public async Task Tokens_come_from_authorization_or_apikey(string? authorization, string? apikey, string? other, int status)
    {
        var headers = new List<(string, string)>();
        Add("authorization", authorization);
        Add("apikey", apikey);
        Add("x-api-key", other);

        using var response = await _host.Http.SendAsync(Path, method: HttpMethod.Post, content: Json(One), headers: [.. headers]);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("100", response.Header("x-rate-limit"));
        if (status == 401)
        {
            Assert.Equal("""{"message":"Unauthorized"}""", await response.TextAsync());
        }

        void Add(string name, string? value)
        {
            if (value is not null)
            {
                headers.Add((name, value.Replace("G", _host.Token, StringComparison.Ordinal)));
            }
        }
    }

    [Theory]
    [InlineData("""{"role":"anon"}""")]
    [InlineData("""{"exp":99999999999}""")]
    [InlineData("""{"role":"anon","exp":1}""")]
    [InlineData("""{"role":"anon","exp":"99999999999"}""")]
    public async Task Tokens_need_role_and_a_future_exp(string claims)
    {
        var token = Hosting.Tokens.TokenSigner.SignHs256(BroadcastHost.Secret, claims);

        using var response = await _host.Http.SendAsync(Path, method: HttpMethod.Post, content: Json(One), headers: ("apikey", token));

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData(Path)]
    [InlineData(Single)]
    public async Task Two_Authorization_headers_never_crash(string path)
    {
        var answer = await _host.Http.SendRawAsync(
            $"POST {path} HTTP/1.1\r\nHost: acme.localhost\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 401 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_tenant_is_401_whatever_the_token()
    {
        using var response = await _host.PostAsync(Path, One, "nobody");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("""{"message":"Tenant not found in database"}""", await response.TextAsync());
        Assert.Null(response.Header("x-rate-limit"));
    }

    [Fact]
    public async Task The_request_rate_comes_before_the_token()
    {
        _host.Put("closed", new TenantLimits { MaxEventsPerSecond = 0 });

        using var response = await _host.Http.SendAsync(Path, "closed", HttpMethod.Post, Json(One));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("""{"message":"Too many requests"}""", await response.TextAsync());
    }

    [Theory]
    [InlineData(Path)]
    [InlineData(Single)]
    public async Task A_wrong_accept_is_406_with_CORS_and_without_rates(string path)
    {
        using var response = await _host.PostAsync(path, One, headers: [("accept", "application/octet-stream"), ("origin", "https://a.example")]);

        Assert.Equal(HttpStatusCode.NotAcceptable, response.StatusCode);
        Assert.Equal("*", response.Header("access-control-allow-origin"));
        Assert.Null(response.Header("x-rate-limit"));
    }

    [Theory]
    [InlineData(Path, "application/json")]
    [InlineData(Single, "application/json; charset=utf-8")]
    [InlineData(Single, "application/problem+json")]
    public async Task Malformed_JSON_is_400_before_everything_else(string path, string contentType)
    {
        using var response = await _host.Http.SendAsync(
            path, "nobody", HttpMethod.Post, BroadcastHost.Content("{"u8.ToArray(), contentType), ("origin", "https://a.example"), ("accept", "text/html"));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Bad Request", await response.TextAsync());
        Assert.Null(response.Header("access-control-allow-origin"));
        Assert.Null(response.Header("x-request-id"));
        Assert.Null(response.Header("x-rate-limit"));
    }

    [Fact]
    public async Task A_body_over_8_MB_is_413()
    {
        using var response = await _host.PostAsync(Path, new byte[8_000_001]);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("Request Entity Too Large", await response.TextAsync());
    }

    [Fact]
    public async Task Answers_carry_CORS_only_for_requests_with_an_origin()
    {
        using var with = await _host.PostAsync(Path, One, headers: ("origin", "https://a.example"));
        using var refused = await _host.Http.SendAsync(Path, method: HttpMethod.Post, content: Json(One), headers: ("origin", "https://a.example"));
        using var without = await _host.PostAsync(Path, One);

        Assert.Equal("*", with.Header("access-control-allow-origin"));
        Assert.Equal("*", refused.Header("access-control-allow-origin"));
        Assert.Null(without.Header("access-control-allow-origin"));
        Assert.Null(with.Header("access-control-allow-credentials"));
        Assert.Equal("accept-encoding", with.Header("vary"));
    }

    [Theory]
    [InlineData(Path)]
    [InlineData(Single)]
    public async Task Preflights_are_answered(string path)
    {
        using var response = await _host.Http.SendAsync(
            path, method: HttpMethod.Options, headers:
            [
                ("origin", "https://a.example"), ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,apikey,content-type,x-client-info"),
            ]);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("*", response.Header("access-control-allow-origin"));
        Assert.Contains("POST", response.Header("access-control-allow-methods"), StringComparison.Ordinal);
        Assert.Equal("authorization,apikey,content-type,x-client-info", response.Header("access-control-allow-headers"));
        Assert.Null(response.Header("content-length"));
    }

    [Theory]
    [InlineData("GET", Path)]
    [InlineData("PUT", Path)]
    [InlineData("GET", Single)]
    [InlineData("OPTIONS", Path)]
    [InlineData("POST", "/api/broadcast/room/events")]
    [InlineData("POST", "/api/broadcast//events/tick")]
    public async Task Other_methods_and_paths_are_404(string method, string path)
    {
        using var response = await _host.Http.SendAsync(path, method: new HttpMethod(method));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static HttpContent Json(string body) => BroadcastHost.Content(System.Text.Encoding.UTF8.GetBytes(body), "application/json");
}
