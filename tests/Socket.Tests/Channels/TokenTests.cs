using Microsoft.Extensions.Time.Testing;
using Realtime.Testing;

namespace Realtime.Socket.Tests.Channels;

public sealed class TokenTests
{
    [Fact]
    public async Task Join_uses_the_token_of_the_connection_when_it_brings_none()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.JoinAsync("realtime:a");
    }

    [Theory]
    [InlineData("\"\"", "MalformedJWT: The token provided is not a valid JWT")]
    [InlineData("\"%zz\"", "MalformedJWT: The token provided is not a valid JWT")]
    [InlineData("\"eyJhbGciOiJub25lIn0.e30.\"", "JwtSignerError: Failed to generate JWT signer, check your JWT secret or JWKS configuration")]
    public async Task Bad_token_of_a_join_is_refused(string token, string reason)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync($$"""["1","1","realtime:a","phx_join",{"config":{},"access_token":{{token}}}]""");

        await client.ExpectAsync($$$"""["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"{{{reason}}}"}}]""");
    }

    [Fact]
    public async Task Signature_and_claims_of_a_join_are_checked()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        await client.SendAsync($$"""["1","1","realtime:a","phx_join",{"config":{},"access_token":"{{Tokens.Sign("other")}}"}]""");
        await client.ExpectAsync("""["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"JwtSignatureError: Failed to validate JWT signature"}}]""");
        await client.SendAsync($$"""["1","2","realtime:a","phx_join",{"config":{},"access_token":"{{Realtime.Hosting.Tokens.TokenSigner.SignHs256("dev", "{}")}}"}]""");
        await client.ExpectAsync("""["1","2","realtime:a","phx_reply",{"status":"error","response":{"reason":"InvalidJWTToken: Fields `role` and `exp` are required in JWT"}}]""");
        await client.SendAsync($$"""["1","3","realtime:a","phx_join",{"config":{},"access_token":"sb_publishable_x"}]""");
        await client.ExpectAsync("""["1","3","realtime:a","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""");
    }

    [Fact]
    public async Task Expired_token_of_a_join_says_since_when()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        await using var host = await SocketHost.StartAsync(s => s with { ChannelErrorBackoff = TimeSpan.Zero }, time: time);
        await using var client = await host.ConnectAsync(token: SocketHost.Token(expiresAt: time.GetUtcNow().AddHours(2)));

        await client.SendAsync($$"""["1","1","realtime:a","phx_join",{"config":{},"access_token":"{{SocketHost.Token(expiresAt: time.GetUtcNow().AddSeconds(-90))}}"}]""");

        await client.ExpectAsync("""["1","1","realtime:a","phx_reply",{"status":"error","response":{"reason":"InvalidJWTToken: Token has expired 90 seconds ago"}}]""");
    }

    [Fact]
    public async Task Channel_ends_when_its_token_expires_and_the_socket_stays()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        await using var host = await SocketHost.StartAsync(time: time);
        await using var client = await host.ConnectAsync(token: SocketHost.Token(expiresAt: time.GetUtcNow().AddHours(1)));
        await client.JoinAsync("realtime:stays", joinRef: "8");
        var token = SocketHost.Token(expiresAt: time.GetUtcNow().AddSeconds(6));
        await client.SendAsync($$"""["1","1","realtime:lobby","phx_join",{"config":{},"access_token":"{{token}}"}]""");
        await client.ExpectAsync("""["1","1","realtime:lobby","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""");

        for (var i = 0; i < 59; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await client.ExpectNothingAsync();
        time.Advance(TimeSpan.FromMilliseconds(200));

        await client.ExpectAsync("""["1",null,"realtime:lobby","system",{"extension":"system","status":"error","message":"Token has expired 0 seconds ago","channel":"lobby"}]""");
        await client.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        await client.SendAsync("""["8","9","realtime:stays","phx_leave",{}]""");
        await client.ExpectAsync("""["8","9","realtime:stays","phx_reply",{"status":"ok","response":{}}]""");
    }

    [Fact]
    public async Task New_token_moves_the_end()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()));
        await using var host = await SocketHost.StartAsync(time: time);
        await using var client = await host.ConnectAsync(token: SocketHost.Token(expiresAt: time.GetUtcNow().AddSeconds(6)));
        await client.JoinAsync("realtime:lobby");

        await client.SendAsync($$"""["1","8","realtime:lobby","access_token",{"access_token":"{{SocketHost.Token(expiresAt: time.GetUtcNow().AddSeconds(60))}}"}]""");
        await client.ExpectNothingAsync();
        for (var i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"sb_secret_x\"")]
    public async Task Access_token_that_stands_for_the_connection_changes_nothing(string value)
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", """{"broadcast":{"ack":true}}""");

        await client.SendAsync($$"""["1","8","realtime:lobby","access_token",{"access_token":{{value}}}]""");
        await client.SendAsync("""["1","9","realtime:lobby","broadcast",{}]""");

        await client.ExpectAsync("""["1","9","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");
    }

    [Fact]
    public async Task Bad_new_token_ends_the_channel()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();

        foreach (var (token, message) in ((string, string)[])[
            ("", "The token provided is not a valid JWT"),
            (Realtime.Hosting.Tokens.TokenSigner.SignHs256("dev", "{}"), "Fields `role` and `exp` are required in JWT"),
            (Tokens.Sign("other"), ":signature_error"),
            ("eyJhbGciOiJub25lIn0.e30.", ":error_generating_signer")])
        {
            await client.JoinAsync("realtime:lobby");

            await client.SendAsync($$"""["1","8","realtime:lobby","access_token",{"access_token":"{{token}}"}]""");

            await client.ExpectAsync($$$"""["1",null,"realtime:lobby","system",{"extension":"system","status":"error","message":"{{{message}}}","channel":"lobby"}]""");
            await client.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
        }
    }
}
