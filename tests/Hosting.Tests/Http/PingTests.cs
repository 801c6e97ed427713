using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;
using Realtime.Testing;

namespace Realtime.Hosting.Tests.Http;

/// <summary>Tenant by host and the request rate (http-api.md sections 2, 4, 9 and 18).</summary>
public sealed class PingTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private HttpHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await HttpHost.StartAsync(builder => builder.Services.AddSingleton<TimeProvider>(_time));
        _host.Tenants.Put(Tenant("acme", events: 100));
        _host.Tenants.Put(Tenant("closed", events: 0));
        _host.Tenants.Put(Tenant("asleep", events: 100) with { Suspended = true });
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("acme")]
    [InlineData("asleep")]
    public async Task Ping_of_a_known_tenant_succeeds_with_its_rates(string tenant)
    {
        using var response = await _host.SendAsync("/api/ping", tenant);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Header("content-type"));
        Assert.Equal("""{"message":"Success"}""", await response.TextAsync());
        Assert.Equal(("0", "100", "100"), Rates(response));
    }

    [Fact]
    public async Task HEAD_is_answered_as_GET()
    {
        using var response = await _host.SendAsync("/api/ping", method: HttpMethod.Head);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("100", response.Header("x-rate-limit"));
        Assert.Equal("", await response.TextAsync());
    }

    [Fact]
    public async Task An_unknown_tenant_is_401_without_rates()
    {
        using var response = await _host.SendAsync("/api/ping", "nobody");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("""{"message":"Tenant not found in database"}""", await response.TextAsync());
        Assert.Equal((null, null, null), Rates(response));
    }

    [Fact]
    public async Task The_tenant_header_names_another_tenant()
    {
        using var response = await _host.SendAsync("/api/ping", "nobody", headers: ("x-tenant-id", "acme"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_limit_of_zero_refuses_everything()
    {
        using var response = await _host.SendAsync("/api/ping", "closed");

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("""{"message":"Too many requests"}""", await response.TextAsync());
        Assert.Equal(("0", "0", "0"), Rates(response));
    }

    [Fact]
    public async Task Requests_over_the_rate_are_refused_until_the_average_falls()
    {
        _host.Tenants.Put(Tenant("busy", events: 3));
        for (var i = 0; i < 8; i++)
        {
            using var accepted = await _host.SendAsync("/api/ping", "busy");
            Assert.Equal(("0", "3", "3"), Rates(accepted)); // the unfinished second does not count
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        using var refused = await _host.SendAsync("/api/ping", "busy");
        _time.Advance(TimeSpan.FromSeconds(1));
        using var later = await _host.SendAsync("/api/ping", "busy");
        _time.Advance(TimeSpan.FromSeconds(1));
        using var accepted2 = await _host.SendAsync("/api/ping", "busy");

        // 8 / 2 = 4, then (8 + 1) / 3 = 3, then (8 + 1 + 1) / 4 = 2.
        Assert.Equal((HttpStatusCode.TooManyRequests, ("4", "3", "-1")), (refused.StatusCode, Rates(refused)));
        Assert.Equal((HttpStatusCode.TooManyRequests, ("3", "3", "0")), (later.StatusCode, Rates(later)));
        Assert.Equal((HttpStatusCode.OK, ("2", "3", "1")), (accepted2.StatusCode, Rates(accepted2)));
        Assert.Null(refused.Header("retry-after"));
    }

    [Fact]
    public async Task A_store_that_is_down_is_503_for_unknown_tenants_only()
    {
        using var before = await _host.SendAsync("/api/ping");
        _host.Tenants.IsDown = true;
        _time.Advance(TimeSpan.FromSeconds(31));

        using var known = await _host.SendAsync("/api/ping");
        using var unknown = await _host.SendAsync("/api/ping", "nobody");

        Assert.Equal(HttpStatusCode.OK, known.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unknown.StatusCode);
        Assert.Equal("\"Service Unavailable\"", await unknown.TextAsync());
    }

    [Fact]
    public async Task The_default_tenant_serves_a_host_without_a_name()
    {
        await using var host = await HttpHost.StartAsync(settings: new Dictionary<string, string?> { ["DEFAULT_TENANT"] = "acme" });
        host.Tenants.Put(Tenant("acme", events: 100));

        using var response = await host.Client.GetAsync(new Uri(host.Address, "/api/ping"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static (string?, string?, string?) Rates(HttpResponseMessage response) =>
        (response.Header("x-rate-rolling"), response.Header("x-rate-limit"), response.Header("x-rate-limit-remaining"));

    private static TenantConfig Tenant(string name, int events) => new()
    {
        Id = new TenantId(name),
        Limits = new TenantLimits { MaxEventsPerSecond = events },
    };
}
