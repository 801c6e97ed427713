using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Http;
using Realtime.Testing;

namespace Realtime.Hosting.Tests.Http;

/// <summary>What happens to every request (http-api.md section 1).</summary>
public sealed class PipelineTests : IAsyncLifetime
{
    private readonly CollectedLogs _logs = new();
    private HttpHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await HttpHost.StartAsync(map: MapRoutes, logs: _logs);

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static void MapRoutes(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/crash", IResult () => throw new InvalidOperationException("on purpose"));
        routes.MapGet("/api/crash", IResult () => throw new InvalidOperationException("on purpose")).RequireJsonAccepted();
        routes.MapGet("/long/{length:int}", (int length) => Results.Bytes(new byte[length], "text/plain"));
        routes.MapPost("/api/echo", (HttpContext http) => Results.Bytes(http.Features.Get<RequestBody>()!.Bytes.ToArray(), "application/json"))
            .WithRequestBody().RequireJsonAccepted();
        routes.MapGet("/socket/anything", () => Results.StatusCode(403));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Healthcheck_says_ok_and_HEAD_says_it_without_a_body(string method)
    {
        using var response = await _host.SendAsync("/healthcheck", method: new HttpMethod(method));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", response.Header("content-type"));
        Assert.Equal("2", response.Header("content-length"));
        Assert.Equal(method == "GET" ? "ok" : "", await response.TextAsync());
    }

    [Fact]
    public async Task Every_response_has_the_headers_of_section_1_9()
    {
        foreach (var path in new[] { "/healthcheck", "/nothing-here", "/api/crash" })
        {
            using var response = await _host.SendAsync(path);

            Assert.Equal("max-age=0, private, must-revalidate", response.Header("cache-control"));
            Assert.Equal("accept-encoding", response.Header("vary"));
            Assert.Matches("^[A-Za-z0-9_-]{20}$", response.Header("x-request-id"));
            Assert.Null(response.Header("server"));
        }
    }

    [Fact]
    public async Task Nothing_is_added_below_socket()
    {
        using var response = await _host.SendAsync("/socket/anything");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Null(response.Header("cache-control"));
        Assert.Null(response.Header("vary"));
        Assert.Null(response.Header("x-request-id"));
    }

    [Theory]
    [InlineData("GET", "/nothing-here")]
    [InlineData("DELETE", "/healthcheck")]
    [InlineData("OPTIONS", "/healthcheck")]
    public async Task Unknown_paths_and_methods_are_404(string method, string path)
    {
        using var response = await _host.SendAsync(path, method: new HttpMethod(method));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", response.Header("content-type"));
        Assert.Equal("Not Found", await response.TextAsync());
        Assert.Null(response.Header("allow"));
    }

    [Theory]
    [InlineData("application/json", "\"Not Found\"")]
    [InlineData("application/*", "\"Not Found\"")]
    [InlineData("text/plain, application/json;q=0.5", "\"Not Found\"")]
    [InlineData("application/json, */*", "Not Found")]
    [InlineData("*/*", "Not Found")]
    [InlineData("text/html", "Not Found")]
    public async Task Error_phrases_are_JSON_for_clients_that_want_only_that(string accept, string body)
    {
        using var response = await _host.SendAsync("/nothing-here", headers: ("accept", accept));

        Assert.Equal(body, await response.TextAsync());
        Assert.Equal(body[0] == '"' ? "application/json; charset=utf-8" : "text/html; charset=utf-8", response.Header("content-type"));
    }

    [Fact]
    public async Task A_crash_is_500_and_one_line_in_the_log()
    {
        using var plain = await _host.SendAsync("/crash");
        using var json = await _host.SendAsync("/api/crash");

        Assert.Equal(HttpStatusCode.InternalServerError, plain.StatusCode);
        Assert.Equal("Internal Server Error", await plain.TextAsync());
        Assert.Equal("\"Internal Server Error\"", await json.TextAsync());
        Assert.Equal(1, _logs.Count(LogLevel.Error, "HttpServerError: GET /crash failed."));
    }

    [Theory]
    [InlineData("text/html", 406)]
    [InlineData("application/octet-stream", 406)]
    [InlineData("application/xml, text/*", 406)]
    [InlineData("application/json", 200)]
    [InlineData("APPLICATION/JSON; charset=utf-8", 200)]
    [InlineData("application/*", 200)]
    [InlineData("text/html, */*;q=0.1", 200)]
    [InlineData("", 200)]
    public async Task Accept_must_allow_JSON(string accept, int status)
    {
        _host.Tenants.Put(new() { Id = new("acme") });

        using var response = await _host.SendAsync("/api/ping", headers: ("accept", accept));

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 406)
        {
            Assert.Equal("Not Acceptable", await response.TextAsync());
            Assert.Null(response.Header("x-rate-limit"));
        }
    }

    [Fact]
    public async Task The_parameter_format_goes_before_accept()
    {
        _host.Tenants.Put(new() { Id = new("acme") });

        using var accepted = await _host.SendAsync("/api/ping?_format=json", headers: ("accept", "text/html"));
        using var refused = await _host.SendAsync("/api/ping?_format=xml");

        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        Assert.Equal(HttpStatusCode.NotAcceptable, refused.StatusCode);
    }

    [Theory]
    [InlineData(299, false)]
    [InlineData(300, true)]
    [InlineData(5000, true)]
    public async Task Bodies_of_300_bytes_are_compressed_for_clients_that_ask(int length, bool isCompressed)
    {
        using var plain = await _host.SendAsync($"/long/{length}");
        using var response = await _host.SendAsync($"/long/{length}", headers: ("accept-encoding", "gzip"));

        Assert.Null(plain.Header("content-encoding"));
        Assert.Equal(isCompressed ? "gzip" : null, response.Header("content-encoding"));
        Assert.Equal("accept-encoding", response.Header("vary"));
        if (isCompressed)
        {
            using var body = new GZipStream(await response.Content.ReadAsStreamAsync(Cancelled), CompressionMode.Decompress);
            using var unpacked = new MemoryStream();
            await body.CopyToAsync(unpacked, Cancelled);
            Assert.Equal(length, unpacked.Length);
        }
    }

    [Fact]
    public async Task A_request_without_a_host_is_400_and_closes()
    {
        var answer = await _host.SendRawAsync("GET /healthcheck HTTP/1.1\r\n\r\n", Cancelled);

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_line_of_8000_bytes_passes_and_one_of_16000_is_414()
    {
        var fits = await _host.SendRawAsync($"GET /healthcheck?{new string('a', 7970)} HTTP/1.1\r\nHost: a.b\r\nConnection: close\r\n\r\n", Cancelled);
        var tooLong = await _host.SendRawAsync($"GET /healthcheck?{new string('a', 16_000)} HTTP/1.1\r\nHost: a.b\r\n\r\n", Cancelled);

        Assert.StartsWith("HTTP/1.1 200 OK", fits, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 414 URI Too Long", tooLong, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_of_4096_bytes_passes_and_headers_of_40000_are_431()
    {
        var fits = await _host.SendRawAsync($"GET /healthcheck HTTP/1.1\r\nHost: a.b\r\nAuthorization: {new string('a', 4096)}\r\nConnection: close\r\n\r\n", Cancelled);
        var tooLong = await _host.SendRawAsync($"GET /healthcheck HTTP/1.1\r\nHost: a.b\r\nAuthorization: {new string('a', 40_000)}\r\n\r\n", Cancelled);

        Assert.StartsWith("HTTP/1.1 200 OK", fits, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 Request Header Fields Too Large", tooLong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", """{"a": 1}""", """{"a": 1}""")]
    [InlineData("application/vnd.api+json; charset=utf-8", "[1]", "[1]")]
    [InlineData("application/json", "", "{}")]
    [InlineData("application/json", "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"")]
    [InlineData("text/plain", "{broken", "")]
    public async Task A_body_reaches_its_route_as_it_was_sent(string contentType, string body, string expected)
    {
        using var response = await _host.SendAsync("/api/echo", method: HttpMethod.Post, content: Content(contentType, body));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, await response.TextAsync());
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData(" ")]
    [InlineData("{'a':1}")]
    [InlineData("\"\\ud83d\"")]
    [InlineData("\"\\ude00\\ud83d\"")]
    [InlineData("\"\\ud83d\\u0041\"")]
    [InlineData("{\"\\udc00\":1}")]
    [InlineData("\u00ff")]
    public async Task Malformed_JSON_is_400_without_a_request_id(string body)
    {
        var content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(body));
        content.Headers.ContentType = new("application/json");

        using var response = await _host.SendAsync("/api/echo", method: HttpMethod.Post, content: content);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", response.Header("content-type"));
        Assert.Equal("Bad Request", await response.TextAsync());
        Assert.Null(response.Header("x-request-id"));
    }

    [Fact]
    public async Task Malformed_JSON_is_answered_in_JSON_to_clients_that_want_it()
    {
        using var response = await _host.SendAsync(
            "/api/echo", method: HttpMethod.Post, content: Content("application/json", "{"), headers: ("accept", "application/json"));

        Assert.Equal("\"Bad Request\"", await response.TextAsync());
    }

    [Fact]
    public async Task JSON_of_any_depth_is_read()
    {
        var deep = new string('[', 100_000) + new string(']', 100_000);

        using var response = await _host.SendAsync("/api/echo", method: HttpMethod.Post, content: Content("application/json", deep));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(8_000_000, false, 200)]
    [InlineData(8_000_001, false, 413)]
    [InlineData(8_000_000, true, 200)]
    [InlineData(8_000_001, true, 413)]
    public async Task Bodies_end_at_8_000_000_bytes(int length, bool isChunked, int status)
    {
        var content = new ByteArrayContent(new byte[length]);
        content.Headers.ContentType = new("application/octet-stream");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/echo") { Content = content };
        request.Headers.TransferEncodingChunked = isChunked;

        using var response = await _host.Client.SendAsync(request, Cancelled);

        Assert.Equal(status, (int)response.StatusCode);
        if (status == 413)
        {
            Assert.Equal("Request Entity Too Large", await response.TextAsync());
        }
    }

    private static StringContent Content(string contentType, string body)
    {
        var content = new StringContent(body);
        content.Headers.Remove("content-type");
        content.Headers.TryAddWithoutValidation("content-type", contentType);
        return content;
    }
}
