using System.Net;
using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Broadcast.Tests;

/// <summary><c>POST /api/broadcast</c> (http-api.md 8.1).</summary>
public sealed class BatchTests : IAsyncLifetime
{
    private const string Path = "/api/broadcast";
    private const string One = """{"messages":[{"topic":"room:7","event":"tick","payload":{"n": 1}}]}""";

    private BroadcastHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await BroadcastHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_message_is_accepted_and_delivered_as_it_was_given()
    {
        using var response = await _host.PostAsync(Path, One);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal("0", response.Header("content-length"));
        Assert.Null(response.Header("content-type"));
        Assert.Equal("100", response.Header("x-rate-limit"));
        var delivered = await _host.NextAsync();
        Assert.Equal(("acme", new ChannelKey("room:7", false)), (delivered.Tenant, delivered.Channel));
        Assert.Equal(
            """{"topic":"realtime:room:7","event":"broadcast","payload":{"type":"broadcast","event":"tick","payload":{"n": 1}},"ref":null}""",
            delivered.V1);
        Assert.Equal(
            """[null,null,"realtime:room:7","broadcast",{"type":"broadcast","event":"tick","payload":{"n": 1}}]""",
            Encoding.UTF8.GetString(delivered.V2));
    }

    [Fact]
    public async Task An_id_is_told_to_receivers_as_meta()
    {
        using var response = await _host.PostAsync(
            Path, """{"messages":[{"id":"b7b\u0035","payload":{},"event":"no\"te","topic":"r\u00f6m","other":[{}]}],"more":1}""");

        var delivered = await _host.NextAsync();
        Assert.Equal(new ChannelKey("röm", false), delivered.Channel);
        Assert.Equal("b7b5", delivered.Message.StoredId);
        Assert.Equal(
            """[null,null,"realtime:röm","broadcast",{"type":"broadcast","event":"no\"te","payload":{},"meta":{"id":"b7b\u0035"}}]""",
            Encoding.UTF8.GetString(delivered.V2));
    }

    [Theory]
    [InlineData("""{}""", "can't be blank")]
    [InlineData("""[]""", "can't be blank")]
    [InlineData("""7""", "can't be blank")]
    [InlineData("", "can't be blank")]
    [InlineData("""{"messages":null}""", "can't be blank")]
    [InlineData("""{"messages":[]}""", "can't be blank")]
    [InlineData("""{"messages":"x"}""", "is invalid")]
    [InlineData("""{"messages":{}}""", "is invalid")]
    [InlineData("""{"messages":[1]}""", "is invalid")]
    [InlineData("""{"messages":[{"topic":"a","event":"b","payload":{}},null]}""", "is invalid")]
    public async Task A_list_that_is_none_is_422(string body, string text)
    {
        using var response = await _host.PostAsync(Path, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Header("content-type"));
        Assert.Equal($$$"""{"errors":{"messages":["{{{text}}}"]}}""", await response.TextAsync());
    }

    [Theory]
    [InlineData("""{"topic":"a"}""", """{"payload":["can't be blank"],"event":["can't be blank"]}""")]
    [InlineData("""{"payload":{}}""", """{"topic":["can't be blank"],"event":["can't be blank"]}""")]
    [InlineData("""{"topic":"","event":" \t\n","payload":{}}""", """{"topic":["can't be blank"],"event":["can't be blank"]}""")]
    [InlineData("""{"topic":"\u2003","event":"e","payload":{}}""", """{"topic":["can't be blank"]}""")]
    [InlineData("""{"topic":1,"event":[],"payload":[]}""", """{"topic":["is invalid"],"payload":["is invalid"],"event":["is invalid"]}""")]
    [InlineData("""{"topic":"a","event":"e","payload":null}""", """{"payload":["can't be blank"]}""")]
    [InlineData("""{"topic":"a","event":"e","payload":"x"}""", """{"payload":["is invalid"]}""")]
    [InlineData("""{"topic":"a","event":"e","payload":1}""", """{"payload":["is invalid"]}""")]
    [InlineData("""{"topic":"a","event":"e","payload":{},"private":"yes"}""", """{"private":["is invalid"]}""")]
    [InlineData("""{"topic":"a","event":"e","payload":{},"private":1}""", """{"private":["is invalid"]}""")]
    [InlineData("""{"topic":"a","event":"e","payload":{},"id":7}""", """{"id":["is invalid"]}""")]
    public async Task A_wrong_message_is_422_for_the_whole_batch(string message, string errors)
    {
        using var response = await _host.PostAsync(Path, $$$"""{"messages":[{"topic":"a","event":"e","payload":{}},{{{message}}}]}""");

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        Assert.Equal($$$"""{"errors":{"messages":[{},{{{errors}}}]}}""", await response.TextAsync());
        Assert.Equal(response.Header("content-length"), $"{(await response.TextAsync()).Length}");
        await AssertNothingWasSentAsync();
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("\"true\"", true)]
    [InlineData("\"1\"", true)]
    [InlineData("false", false)]
    [InlineData("\"false\"", false)]
    [InlineData("\"0\"", false)]
    [InlineData("null", false)]
    [InlineData("\"\"", false)]
    public async Task Private_has_several_spellings(string given, bool isPrivate)
    {
        _host.Policies.Writable.Add("a");

        using var response = await _host.PostAsync(Path, $$"""{"messages":[{"topic":"a","event":"e","payload":{},"private":{{given}},"id":null}]}""");

        Assert.Equal(isPrivate, (await _host.NextAsync()).Channel.IsPrivate);
    }

    [Theory]
    [InlineData(1489, true)]
    [InlineData(1490, true)]
    [InlineData(1479, false)]
    public async Task The_payload_size_is_limited(int length, bool isTooLarge)
    {
        // {"p":"x…"}: 1 + 5 + 6 + 5 + length, against 1 × 1000 + 500.
        var body = $$$"""{"messages":[{"topic":"{{{new string('t', 2000)}}}","event":"e","payload":{"p":"{{{new string('x', length)}}}"}}]}""";

        using var response = await _host.PostAsync(Path, body, "small");

        Assert.Equal(isTooLarge ? 422 : 202, (int)response.StatusCode);
        if (isTooLarge)
        {
            Assert.Equal("""{"errors":{"messages":[{"payload":["Payload size exceeds tenant limit"]}]}}""", await response.TextAsync());
        }
    }

    [Theory]
    [InlineData(1483, 202)]
    [InlineData(1484, 422)]
    public async Task The_payload_size_limit_itself_passes(int length, int status)
    {
        var body = "{\"messages\":[{\"topic\":\"a\",\"event\":\"e\",\"payload\":{\"p\":\"" + new string('x', length) + "\"}}]}";

        using var response = await _host.PostAsync(Path, body, "small");

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData(100, 202)]
    [InlineData(101, 429)]
    public async Task A_batch_may_be_as_long_as_the_limit_per_second(int count, int status)
    {
        using var response = await _host.PostAsync(Path, BatchOf(count));

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 429)
        {
            Assert.Equal("""{"message":"Too many messages to broadcast, please reduce the batch size"}""", await response.TextAsync());
            await AssertNothingWasSentAsync();
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                Assert.Contains($"\"event\":\"{i}\"", (await _host.NextAsync()).V1, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_average_of_the_tenant_counts_against_the_batch()
    {
        (await _host.RatesOfAsync("acme")).Events.Add(500);
        _host.Time.Advance(TimeSpan.FromSeconds(5)); // 500 / 10 s = 50

        using var tooLong = await _host.PostAsync(Path, BatchOf(51));
        using var fits = await _host.PostAsync(Path, BatchOf(50));

        Assert.Equal(HttpStatusCode.TooManyRequests, tooLong.StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, fits.StatusCode);
    }

    [Fact]
    public async Task Each_delivered_message_is_one_event()
    {
        using var accepted = await _host.PostAsync(Path, BatchOf(40));
        using var invalid = await _host.PostAsync(Path, """{"messages":[{}]}""");

        _host.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(4, (await _host.RatesOfAsync("acme")).Events.AveragePerSecond);
    }

    [Fact]
    public async Task A_tenant_over_its_event_limit_is_refused_after_validation()
    {
        (await _host.RatesOfAsync("acme")).Events.Add(1000);

        using var invalid = await _host.PostAsync(Path, "{}");
        using var valid = await _host.PostAsync(Path, One);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, invalid.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, valid.StatusCode);
        Assert.Equal("""{"message":"You have exceeded your rate limit"}""", await valid.TextAsync());
    }

    [Fact]
    public async Task Private_messages_are_checked_once_per_topic_and_dropped_silently()
    {
        _host.Policies.Writable.Add("A");
        _host.Policies.Errors["C"] = ChannelAuthorizationError.DatabaseUnavailable;
        _host.Policies.Crashing.Add("D");

        using var response = await _host.PostAsync(
            Path,
            """
            {"messages":[
              {"topic":"A","event":"1","payload":{},"private":true}, {"topic":"B","event":"2","payload":{},"private":true},
              {"topic":"C","event":"3","payload":{},"private":true}, {"topic":"D","event":"4","payload":{},"private":true},
              {"topic":"A","event":"5","payload":{},"private":true}, {"topic":"A","event":"6","payload":{}}]}
            """);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var delivered = new[] { await _host.NextAsync(), await _host.NextAsync(), await _host.NextAsync() };
        Assert.Equal([new("A", false), new("A", true), new("A", true)], delivered.Select(d => d.Channel));
        Assert.Contains("\"event\":\"1\"", delivered[1].V1, StringComparison.Ordinal);
        Assert.Contains("\"event\":\"5\"", delivered[2].V1, StringComparison.Ordinal);
        Assert.Equal(["A", "B", "C", "D"], _host.Policies.Asked.Select(a => a.SubTopic).Order());
        await AssertNothingWasSentAsync();
    }

    [Fact]
    public async Task A_check_knows_who_asks_and_with_which_headers()
    {
        using var response = await _host.PostAsync(
            Path, """{"messages":[{"topic":"A","event":"1","payload":{},"private":true}]}""", headers: ("X-Custom", "v\"1"));

        var asked = Assert.Single(_host.Policies.Asked);
        Assert.Equal((new TenantId("acme"), "anon", "user-1", ChannelPermissions.WriteBroadcast), (asked.Tenant, asked.Role, asked.Subject, asked.Check));
        Assert.Contains("\"sub\":\"user-1\"", asked.ClaimsJson, StringComparison.Ordinal);
        using var headers = System.Text.Json.JsonDocument.Parse(asked.HeadersJson);
        Assert.Equal("v\"1", headers.RootElement.GetProperty("x-custom").GetString());
        Assert.Equal("acme.localhost", headers.RootElement.GetProperty("host").GetString());
    }

    [Fact]
    public async Task A_suspended_tenant_is_403_before_validation()
    {
        using var response = await _host.PostAsync(Path, "{}", "asleep");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("""{"message":"Tenant is suspended"}""", await response.TextAsync());
    }

    [Fact]
    public async Task A_million_wrong_messages_get_their_answer()
    {
        const int Count = 1_000_000;
        var body = "{\"messages\":[" + string.Join(',', Enumerable.Repeat("{}", Count)) + "]}";

        using var response = await _host.PostAsync(Path, body);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        const string Each = """{"topic":["can't be blank"],"payload":["can't be blank"],"event":["can't be blank"]}""";
        Assert.Equal($"{"{\"errors\":{\"messages\":[]}}".Length + (Count * (Each.Length + 1)) - 1}", response.Header("content-length"));
    }

    private static string BatchOf(int count) =>
        "{\"messages\":[" + string.Join(',', Enumerable.Range(0, count).Select(i => $$$"""{"topic":"a","event":"{{{i}}}","payload":{}}""")) + "]}";

    // Delivery is done when a request is answered: what comes next would be a message of an earlier one.
    private async Task AssertNothingWasSentAsync()
    {
        using var sentinel = await _host.PostAsync("/api/broadcast/sentinel/events/e", "{}");

        Assert.Equal("sentinel", (await _host.NextAsync()).Channel.SubTopic);
    }
}
