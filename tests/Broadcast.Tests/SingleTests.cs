using System.Net;
using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Testing;

namespace Realtime.Broadcast.Tests;

/// <summary><c>POST /api/broadcast/{topic}/events/{event}</c> (http-api.md 8.2).</summary>
public sealed class SingleTests : IAsyncLifetime
{
    private const string Path = "/api/broadcast/room:7/events/tick";

    private BroadcastHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await BroadcastHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Bytes_are_delivered_to_version_2_only()
    {
        using var response = await _host.PostAsync(
            "/api/broadcast/binary%3Aroom/events/data", [1, 2, 3, 4, 5], contentType: "application/octet-stream");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("0", response.Header("content-length"));
        var delivered = await _host.NextAsync();
        Assert.Equal(new ChannelKey("binary:room", false), delivered.Channel);
        Assert.Equal([4, 0x14, 4, 0, 0, .. "realtime:binary:room"u8, .. "data"u8, 1, 2, 3, 4, 5], delivered.V2);
        Assert.Null(delivered.V1);
    }

    [Theory]
    [InlineData("application/json", """{"n": 1}""", """{"n": 1}""")]
    [InlineData("application/json; charset=utf-8", " {\"private\":true}\n", """{"private":true}""")]
    [InlineData("APPLICATION/JSON", "[1, 2]", """{"_json":[1, 2]}""")]
    [InlineData("application/json", " \"a\" ", """{"_json":"a"}""")]
    [InlineData("application/json", "null", """{"_json":null}""")]
    [InlineData("application/json", "", "{}")]
    [InlineData(null, """{"n":1}""", "{}")]
    public async Task JSON_is_delivered_as_it_was_given(string? contentType, string body, string payload)
    {
        using var response = await _host.PostAsync(Path, body, contentType: contentType);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var delivered = await _host.NextAsync();
        Assert.Equal(new ChannelKey("room:7", false), delivered.Channel);
        Assert.Equal([4, 15, 4, 0, 1, .. "realtime:room:7"u8, .. "tick"u8, .. Encoding.UTF8.GetBytes(payload)], delivered.V2);
        Assert.Equal(
            $$$"""{"topic":"realtime:room:7","event":"broadcast","payload":{"type":"broadcast","event":"tick","payload":{{{payload}}}},"ref":null}""",
            delivered.V1);
    }

    [Fact]
    public async Task Empty_bytes_are_delivered()
    {
        using var response = await _host.PostAsync(Path, "", contentType: "application/octet-stream");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(0, (await _host.NextAsync()).Message.Payload.Length);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/vnd.api+json")]
    [InlineData("application/jsonp")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Other_content_types_are_415_even_without_a_token_or_tenant(string contentType)
    {
        using var response = await _host.Http.SendAsync(
            Path, "nobody", HttpMethod.Post, BroadcastHost.Content("{}"u8.ToArray(), contentType), ("origin", "https://a.example"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("""{"error":"Unsupported Media Type. Use application/json or application/octet-stream"}""", await response.TextAsync());
        Assert.Equal("*", response.Header("access-control-allow-origin"));
        Assert.Null(response.Header("x-rate-limit"));
    }

    [Theory]
    [InlineData("a%2Fb", "c%2Fd", "a/b", "c/d")]
    [InlineData("a%252Fb", "100%25", "a%2Fb", "100%")]
    [InlineData("r%C3%B6m", "%E2%82%AC", "röm", "€")]
    [InlineData("a+b", "c%20d", "a+b", "c d")]
    [InlineData("a.b", "..c", "a.b", "..c")]
    [InlineData("events", "events", "events", "events")]
    public async Task Segments_are_percent_encoded(string topic, string userEvent, string expectedTopic, string expectedEvent)
    {
        var answer = await _host.Http.SendRawAsync(
            $"POST /api/broadcast/{topic}/events/{userEvent}?vsn=1.0.0&apikey=x HTTP/1.1\r\nHost: acme.localhost\r\nAuthorization: Bearer {_host.Token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 202 Accepted", answer, StringComparison.Ordinal);
        var delivered = await _host.NextAsync();
        Assert.Equal((expectedTopic, expectedEvent), (delivered.Channel.SubTopic, Encoding.UTF8.GetString(delivered.Message.UserEvent.Span)));
    }

    [Theory]
    [InlineData("%FF", "e")]
    [InlineData("a", "%C3")]
    [InlineData("%zz", "e")]
    [InlineData("a", "%4")]
    public async Task Segments_that_are_no_text_are_400(string topic, string userEvent)
    {
        var answer = await _host.Http.SendRawAsync(
            $"POST /api/broadcast/{topic}/events/{userEvent} HTTP/1.1\r\nHost: acme.localhost\r\nAuthorization: Bearer {_host.Token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 400 Bad Request", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/broadcast/%20/events/%20%20", """{"errors":{"topic":["can't be blank"],"event":["can't be blank"]}}""")]
    [InlineData("/api/broadcast/a/events/%09", """{"errors":{"event":["can't be blank"]}}""")]
    public async Task Blank_names_are_422(string path, string errors)
    {
        using var response = await _host.PostAsync(path, "{}");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Header("content-type"));
        Assert.Equal(errors, await response.TextAsync());
    }

    [Theory]
    [InlineData(246, 255, 202, "")]
    [InlineData(247, 255, 422, """{"errors":{"topic":["should be at most 246 byte(s)"]}}""")]
    [InlineData(246, 256, 422, """{"errors":{"event":["should be at most 255 byte(s)"]}}""")]
    public async Task Names_that_no_frame_can_hold_are_422(int topic, int userEvent, int status, string body)
    {
        using var response = await _host.PostAsync($"/api/broadcast/{new string('t', topic)}/events/{new string('e', userEvent)}", "{}");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(body, await response.TextAsync());
    }

    [Theory]
    [InlineData("application/octet-stream", 1494, 202)]
    [InlineData("application/octet-stream", 1495, 422)]
    [InlineData("application/json", 1483, 202)]
    [InlineData("application/json", 1484, 422)]
    public async Task The_payload_size_is_limited(string contentType, int length, int status)
    {
        var text = new string('x', length);

        using var response = await _host.PostAsync(Path, contentType == "application/json" ? $$"""{"p":"{{text}}"}""" : text, "small", contentType);

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 422)
        {
            Assert.Equal("""{"errors":{"payload":["Payload size exceeds tenant limit"]}}""", await response.TextAsync());
        }
    }

    [Theory]
    [InlineData("?private=true", true)]
    [InlineData("?private=false&private=true", true)]
    [InlineData("?private=TRUE", false)]
    [InlineData("?private=1", false)]
    [InlineData("?private", false)]
    [InlineData("", false)]
    public async Task Only_the_query_makes_a_message_private(string query, bool isPrivate)
    {
        _host.Policies.Writable.Add("room:7");

        using var response = await _host.PostAsync(Path + query, isPrivate ? """{"private":false}""" : """{"private":true}""");

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(isPrivate, (await _host.NextAsync()).Channel.IsPrivate);
    }

    [Theory]
    [InlineData(ChannelAuthorizationError.None, 403, "Unauthorized")]
    [InlineData(ChannelAuthorizationError.PolicyError, 422, "RLS policy error")]
    [InlineData(ChannelAuthorizationError.QueryCanceled, 422, "Query canceled")]
    [InlineData(ChannelAuthorizationError.MissingPartition, 422, "Missing messages partition")]
    [InlineData(ChannelAuthorizationError.DatabaseUnavailable, 422, "Tenant database unavailable")]
    [InlineData(ChannelAuthorizationError.DatabaseInitializing, 422, "Tenant database initializing")]
    [InlineData(ChannelAuthorizationError.TooManyConnections, 422, "Tenant database has too many connections")]
    [InlineData(ChannelAuthorizationError.ConnectRateLimited, 422, "Connect rate limit reached")]
    [InlineData(ChannelAuthorizationError.PoolExhausted, 429, "Connection pool exhausted")]
    [InlineData(ChannelAuthorizationError.Failed, 500, "Unable to authorize broadcast")]
    public async Task A_write_check_that_does_not_grant_is_told(ChannelAuthorizationError error, int status, string text)
    {
        _host.Policies.Errors["room:7"] = error;

        using var response = await _host.PostAsync(Path + "?private=true", "{}");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal($$"""{"message":"{{text}}"}""", await response.TextAsync());
        Assert.Equal(0, _host.Received.Count);
    }

    [Fact]
    public async Task A_write_check_that_crashes_is_told()
    {
        _host.Policies.Crashing.Add("room:7");

        using var response = await _host.PostAsync(Path + "?private=true", "{}");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("""{"message":"Unable to authorize broadcast"}""", await response.TextAsync());
    }

    [Fact]
    public async Task A_suspended_tenant_is_403()
    {
        using var response = await _host.PostAsync(Path, "{}", "asleep");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("""{"message":"Tenant is suspended"}""", await response.TextAsync());
    }

    [Fact]
    public async Task A_tenant_at_its_event_limit_is_refused_after_validation_and_before_the_check()
    {
        (await _host.RatesOfAsync("acme")).Events.Add(1000);

        using var invalid = await _host.PostAsync("/api/broadcast/%20/events/e", "{}");
        using var valid = await _host.PostAsync(Path + "?private=true", "{}");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, invalid.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, valid.StatusCode);
        Assert.Equal("""{"message":"You have exceeded your rate limit"}""", await valid.TextAsync());
        Assert.Empty(_host.Policies.Asked);
    }

    [Fact]
    public async Task Only_a_delivered_message_is_an_event()
    {
        using var denied = await _host.PostAsync(Path + "?private=true", "{}");
        using var sent = await _host.PostAsync(Path, "{}");

        _host.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(0.1, (await _host.RatesOfAsync("acme")).Events.AveragePerSecond, precision: 6);
    }
}
