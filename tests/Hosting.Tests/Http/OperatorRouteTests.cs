using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Realtime.Hosting.Http;
using Realtime.Hosting.Tokens;
using Realtime.Testing;

namespace Realtime.Hosting.Tests.Http;

/// <summary>Routes for operators (http-api.md 1.7, 3.2 and 3.3).</summary>
public sealed class OperatorRouteTests : IAsyncLifetime
{
    private HttpHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await HttpHost.StartAsync(
        map: app =>
        {
            app.MapGet("/api/tenants", () => Results.Ok()).RequireJsonAccepted().RequireManagementToken();
            app.MapGet("/metrics", () => Results.Ok()).RequireMetricsToken();
        },
        settings: new Dictionary<string, string?> { ["API_JWT_SECRET"] = "api", ["API_JWT_SECRET_NEXT"] = "next", ["METRICS_JWT_SECRET"] = "metrics" });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/api/tenants", "api", 200)]
    [InlineData("/api/tenants", "next", 200)]
    [InlineData("/api/tenants", "metrics", 403)]
    [InlineData("/metrics", "metrics", 200)]
    [InlineData("/metrics", "api", 403)]
    public async Task Each_purpose_has_its_own_secrets(string path, string secret, int status)
    {
        using var response = await _host.SendAsync(path, headers: ("authorization", $"Bearer {TokenSigner.SignHs256(secret, "{}")}"));

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("Bearer potato")]
    [InlineData("Bearer ")]
    [InlineData("potato")]
    [InlineData("")]
    public async Task A_refusal_is_403_and_empty(string authorization)
    {
        using var response = await _host.SendAsync("/api/tenants", headers: ("authorization", authorization));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Null(response.Header("content-type"));
        Assert.Equal("0", response.Header("content-length"));
        Assert.NotNull(response.Header("x-request-id"));
    }

    [Fact]
    public async Task The_scheme_is_case_sensitive()
    {
        using var response = await _host.SendAsync("/api/tenants", headers: ("authorization", $"bearer {TokenSigner.SignHs256("api", "{}")}"));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_wrong_accept_is_406_before_authentication()
    {
        using var response = await _host.SendAsync("/api/tenants", headers: ("accept", "text/html"));

        Assert.Equal(HttpStatusCode.NotAcceptable, response.StatusCode);
    }
}
