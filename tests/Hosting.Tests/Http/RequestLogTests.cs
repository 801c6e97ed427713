using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Realtime.Testing;

namespace Realtime.Hosting.Tests.Http;

/// <summary>Lines about requests (http-api.md 1.4).</summary>
public sealed class RequestLogTests : IDisposable
{
    private readonly CollectedLogs _logs = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _logs.Dispose();

    [Theory]
    [InlineData("/status/200", LogLevel.Information)]
    [InlineData("/status/404", LogLevel.Warning)]
    [InlineData("/status/503", LogLevel.Error)]
    [InlineData("/api/tenants/acme/health", LogLevel.Information)]
    [InlineData("/api/tenants/acme/reload", LogLevel.Warning)]
    public async Task The_status_decides_the_level_except_for_health_checks(string path, LogLevel level)
    {
        await using var host = await StartAsync();

        using var response = await host.SendAsync(path + "?apikey=secret");

        await Wait.UntilAsync(() => _logs.Lines(level).Any(l => l.StartsWith($"GET {path}: Sent {(int)response.StatusCode} in ", StringComparison.Ordinal)), $"a line of level {level}", Cancelled);
        Assert.DoesNotContain(_logs.Lines(level), l => l.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Control_characters_of_a_path_stay_encoded()
    {
        await using var host = await StartAsync();

        using var response = await host.SendAsync("/a%0A%1Bb");

        await Wait.UntilAsync(() => _logs.Lines(LogLevel.Warning).Any(l => l.StartsWith("GET /a%0A%1Bb: Sent 404", StringComparison.Ordinal)), "the line", Cancelled);
    }

    [Fact]
    public async Task Lines_about_health_checks_can_be_turned_off()
    {
        await using var host = await StartAsync(new() { ["DISABLE_HEALTHCHECK_LOGGING"] = "true" });

        using var silent = await host.SendAsync("/healthcheck");
        using var silentToo = await host.SendAsync("/api/tenants/acme/health");
        using var loud = await host.SendAsync("/status/200");

        await Wait.UntilAsync(() => _logs.Lines(LogLevel.Information).Any(l => l.StartsWith("GET /status/200", StringComparison.Ordinal)), "the line", Cancelled);
        Assert.DoesNotContain(_logs.Lines(LogLevel.Information), l => l.Contains("health", StringComparison.Ordinal));
    }

    private Task<HttpHost> StartAsync(Dictionary<string, string?>? settings = null) => HttpHost.StartAsync(
        map: app => app.MapGet("/status/{status:int}", (int status) => Results.StatusCode(status)), settings: settings, logs: _logs);
}
