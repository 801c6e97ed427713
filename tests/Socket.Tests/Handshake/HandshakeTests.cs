using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Socket.Tests.Handshake;

public sealed class HandshakeTests
{
    private const string UpgradeHeaders =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    [Fact]
    public async Task Upgrade_is_answered_with_the_headers_of_the_contract()
    {
        await using var host = await SocketHost.StartAsync();

        var answer = await RequestAsync(host, $"/socket/websocket?apikey={SocketHost.Token()}&vsn=2.0.0", UpgradeHeaders + "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat\r\nOrigin: http://evil.example\r\n");

        Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
        Assert.Contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("cache-control: max-age=0, private, must-revalidate", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("extensions", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("sec-websocket-protocol", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-request-id", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("/socket/websocket/")]
    [InlineData("/socket/websocket")]
    public async Task Trailing_slash_is_accepted(string path)
    {
        await using var host = await SocketHost.StartAsync();

        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, $"{path}?apikey={SocketHost.Token()}", UpgradeHeaders), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    public async Task Other_methods_are_400_with_an_empty_body(string method)
    {
        await using var host = await SocketHost.StartAsync();

        var answer = await RequestAsync(host, "/socket/websocket", UpgradeHeaders, method: method);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Connection: close\r\nUpgrade: websocket\r\n", "'connection' header must contain 'upgrade', got [\"close\"]")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\n", "'sec-websocket-key' header is absent")]
    [InlineData("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 12\r\n", "'sec-websocket-version' header must equal '13', got [\"12\"]")]
    public async Task Request_that_is_no_upgrade_is_explained_after_authentication(string headers, string explanation)
    {
        await using var host = await SocketHost.StartAsync();

        var answer = await RequestAsync(host, $"/socket/websocket?apikey={SocketHost.Token()}", headers);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains(explanation, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("content-type", answer, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("HTTP/1.1 401 ", await RequestAsync(host, "/socket/websocket?apikey=bad", headers), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vsn=1")]
    [InlineData("vsn=2.0")]
    [InlineData("vsn=")]
    [InlineData("vsn=3.0.0")]
    [InlineData("vsn=2.0.0-rc.1")]
    [InlineData("vsn[]=2.0.0")]
    [InlineData("vsn=2.0.0&vsn=9")]
    public async Task Unacceptable_version_is_403_and_empty_at_once(string query)
    {
        await using var host = await SocketHost.StartAsync(s => s with { ConnectErrorBackoff = TimeSpan.FromHours(1) });

        var answer = await RequestAsync(host, $"/socket/websocket?apikey=bad&{query}", UpgradeHeaders);

        Assert.StartsWith("HTTP/1.1 403 ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("content-type", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, int, string> Refusals()
    {
        var now = DateTimeOffset.UtcNow;
        var unsigned = SocketHost.Token()[..^3] + "AAA";
        return new TheoryData<string, string, int, string>
        {
            { "acme", "", 401, "API key is missing" },
            { "acme", "token=" + SocketHost.Token(), 401, "API key is missing" },
            { "acme", "apikey[]=" + SocketHost.Token(), 401, "API key is missing" },
            { "acme", "apikey=" + SocketHost.Token(expiresAt: now.AddSeconds(-60)), 401, "Token has expired" },
            { "acme", "apikey=" + Realtime.Hosting.Tokens.TokenSigner.SignHs256(SocketHost.Secret, "{}"), 401, "Fields `role` and `exp` are required in JWT" },
            { "acme", "apikey=", 401, "The token provided is not a valid JWT" },
            { "acme", "apikey=sb_publishable_x", 401, "The token provided is not a valid JWT" },
            { "acme", "apikey=%25zz", 401, "The token provided is not a valid JWT" },
            { "acme", "apikey=" + unsigned, 401, "Failed to validate JWT signature" },
            { "acme", "apikey=eyJhbGciOiJub25lIn0.e30.", 401, "Failed to generate JWT signer, check your JWT secret or JWKS configuration" },
            { "nobody", "apikey=" + SocketHost.Token(), 404, "Tenant not found" },
            { "suspended", "", 403, "Realtime was disabled for this tenant" },
        };
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refusal_has_status_and_body_of_the_contract(string tenant, string query, int status, string text)
    {
        await using var host = await SocketHost.StartAsync();
        host.Tenants.Put(new TenantConfig { Id = new TenantId("suspended"), JwtSecret = SocketHost.Secret, Suspended = true });

        var answer = await RequestAsync(host, $"/socket/websocket?{query}", UpgradeHeaders, tenant);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json; charset=utf-8", answer, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith($$"""{"error":"{{text}}"}""", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("x-request-id", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Refusal_waits_for_the_back_off()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(s => s with { ConnectErrorBackoff = TimeSpan.FromSeconds(2) }, time: time);

        var answer = RequestAsync(host, "/socket/websocket", UpgradeHeaders);
        await Wait.UntilAsync(() => host.Logs.All.Any(l => l.Event == "HandshakeRefused"), "the refusal", TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);
        await Wait.UntilAsync(() => Advance(time, answer), "the answer", TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 401 ", await answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_wins_over_the_parameter_even_when_it_is_bad()
    {
        await using var host = await SocketHost.StartAsync();
        var good = SocketHost.Token();

        Assert.StartsWith("HTTP/1.1 401 ", await RequestAsync(host, $"/socket/websocket?apikey={good}", UpgradeHeaders + "x-api-key:\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, "/socket/websocket?apikey=bad", UpgradeHeaders + $"x-api-key: {good}\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, $"/socket/websocket?apikey=bad&apikey={good}", UpgradeHeaders), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tenant_comes_from_the_host_in_any_case_or_from_a_header()
    {
        await using var host = await SocketHost.StartAsync();
        var path = $"/socket/websocket?apikey={SocketHost.Token()}";

        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, path, UpgradeHeaders, "ACME"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, path, UpgradeHeaders + "x-tenant-id: acme\r\n", "nobody"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404 ", await RequestAsync(host, path, UpgradeHeaders + "X-Forwarded-Host: acme.localhost\r\n", "nobody"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_users_are_refused_until_one_leaves()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxConcurrentUsers = 1 } });
        var path = $"/socket/websocket?apikey={SocketHost.Token()}";
        await using (var first = await host.ConnectAsync())
        {
            await first.JoinAsync("realtime:a");

            var answer = await RequestAsync(host, path, UpgradeHeaders);

            Assert.StartsWith("HTTP/1.1 429 ", answer, StringComparison.Ordinal);
            Assert.EndsWith("""{"error":"Too many connected users"}""", answer, StringComparison.Ordinal);
        }

        await Wait.UntilAsync(() => host.Node.Directory.CountUsers(new TenantId("acme")) == 0, "the end of the first user", TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, path, UpgradeHeaders), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_joins_refuse_new_sockets()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxJoinsPerSecond = 0 } });

        var answer = await RequestAsync(host, $"/socket/websocket?apikey={SocketHost.Token()}", UpgradeHeaders);

        Assert.StartsWith("HTTP/1.1 429 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("""{"error":"Too many joins per second"}""", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Store_that_is_down_answers_500_and_comes_back()
    {
        await using var host = await SocketHost.StartAsync();
        var path = $"/socket/websocket?apikey={SocketHost.Token()}";
        host.Tenants.IsDown = true;

        var answer = await RequestAsync(host, path, UpgradeHeaders);
        host.Tenants.IsDown = false;

        Assert.StartsWith("HTTP/1.1 500 ", answer, StringComparison.Ordinal);
        Assert.EndsWith("""{"error":"Error connecting to Realtime"}""", answer, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 101 ", await RequestAsync(host, path, UpgradeHeaders), StringComparison.Ordinal);
    }

    private static bool Advance(FakeTimeProvider time, Task answer)
    {
        time.Advance(TimeSpan.FromMilliseconds(100));
        return answer.IsCompleted;
    }

    // A literal request, and all that comes back until the connection ends or is upgraded.
    private static async Task<string> RequestAsync(SocketHost host, string path, string headers, string tenant = "acme", string method = "GET")
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, host.Port, cancellationToken);
        var stream = client.GetStream();
        var close = headers.Contains("Connection:", StringComparison.Ordinal) ? "" : "Connection: close\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: {tenant}.localhost:{host.Port}\r\n{close}{headers}\r\n"), cancellationToken);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(Wait.Limit, cancellationToken) is var count and > 0)
        {
            answer.Append(Encoding.UTF8.GetString(buffer, 0, count));
            if (IsComplete(answer.ToString()))
            {
                break;
            }
        }

        return answer.ToString();
    }

    private static bool IsComplete(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        if (answer.Contains("Content-Length: 0", StringComparison.OrdinalIgnoreCase) || answer.StartsWith("HTTP/1.1 101", StringComparison.Ordinal))
        {
            return true;
        }

        return answer.EndsWith('}') || (!answer.Contains("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && !answer.Contains("Content-Length", StringComparison.OrdinalIgnoreCase))
            || answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
    }
}
