using Realtime.Testing;

namespace Realtime.Hosting.Tests.Http;

/// <summary>Where the id of a request comes from (http-api.md 1.3).</summary>
public sealed class RequestIdTests : IAsyncLifetime
{
    private const string Incoming = "0123456789-0123456789";

    private HttpHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await HttpHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("request-id=order-desk-0001", "order-desk-0001")]
    [InlineData("a=b, request-id = order-desk-0001;p=1 ,c=d", "order-desk-0001")]
    [InlineData("request-id=order%20desk%200001", "order desk 0001")]
    [InlineData("request-id=order+desk+0001", "order+desk+0001")]
    [InlineData("request-id=first-0001,request-id=second-0002", "second-0002")]
    [InlineData("request-id=0123456789", "0123456789")]
    public async Task Baggage_names_the_id(string baggage, string expected)
    {
        using var response = await _host.SendAsync("/healthcheck", headers: [("baggage", baggage), ("x-request-id", Incoming)]);

        Assert.Equal(expected, response.Header("x-request-id"));
    }

    [Theory]
    [InlineData("request-id=012345678")]
    [InlineData("request-id=0123456789%0A")]
    [InlineData("request-id=0123456789%09")]
    [InlineData("request-id=0123456789%1B")]
    [InlineData("request-id=0123456789%7F")]
    [InlineData("request-id=0123456789%C2%85")]
    [InlineData("request-id=0123456789%E2%80%AE")]
    [InlineData("request-id=0123456789%E2%80%A8")]
    [InlineData("request-id=0123456789%FF")]
    [InlineData("request-id=0123456789%zz")]
    [InlineData("request-id=0123456789%4")]
    [InlineData("Request-Id=order-desk-0001")]
    [InlineData("request-id")]
    [InlineData("")]
    [InlineData("=,;=,request-id=")]
    public async Task Baggage_that_is_no_printable_id_falls_through_to_the_header(string baggage)
    {
        using var response = await _host.SendAsync("/healthcheck", headers: [("baggage", baggage), ("x-request-id", Incoming)]);

        Assert.Equal(Incoming, response.Header("x-request-id"));
    }

    [Fact]
    public async Task Baggage_ids_end_at_200_bytes()
    {
        using var fits = await _host.SendAsync("/healthcheck", headers: ("baggage", $"request-id={new string('a', 200)}"));
        using var tooLong = await _host.SendAsync("/healthcheck", headers: ("baggage", $"request-id={new string('a', 201)}"));

        Assert.Equal(200, fits.Header("x-request-id")!.Length);
        Assert.Equal(20, tooLong.Header("x-request-id")!.Length);
    }

    [Theory]
    [InlineData(19, false)]
    [InlineData(20, true)]
    [InlineData(200, true)]
    [InlineData(201, false)]
    public async Task The_header_is_taken_at_20_to_200_characters(int length, bool isTaken)
    {
        var id = new string('a', length);

        using var response = await _host.SendAsync("/healthcheck", headers: ("x-request-id", id));

        Assert.Equal(isTaken, response.Header("x-request-id") == id);
    }

    [Fact]
    public async Task A_header_with_other_than_printable_ASCII_is_not_taken()
    {
        var answer = await _host.SendRawAsync(
            "GET /healthcheck HTTP/1.1\r\nHost: a.b\r\nx-request-id: 0123456789\u00c3\u00a40123456789\r\nConnection: close\r\n\r\n",
            TestContext.Current.CancellationToken);

        Assert.Matches("x-request-id: [A-Za-z0-9_-]{20}\r\n", answer);
    }

    [Fact]
    public async Task The_key_of_the_baggage_is_configurable()
    {
        await using var host = await HttpHost.StartAsync(settings: new Dictionary<string, string?> { ["REQUEST_ID_BAGGAGE_KEY"] = "sb-request-id" });

        using var response = await host.SendAsync("/healthcheck", headers: ("baggage", "request-id=wrong-0000001,sb-request-id=right-0000001"));

        Assert.Equal("right-0000001", response.Header("x-request-id"));
    }
}
