using Microsoft.AspNetCore.Http;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Tenants;

namespace Realtime.Hosting.Tests.Tenants;

public sealed class TenantResolverTests
{
    [Theory]
    [InlineData("acme.realtime.example.org:4000", "acme")]
    [InlineData("acme.localhost", "acme")]
    [InlineData("REALTIME-DEV.example.org", "realtime-dev")]
    [InlineData("realtime-dev", "realtime-dev")]
    [InlineData("localhost:4000", "localhost")]
    [InlineData("127.0.0.1:4000", "127")]
    [InlineData("[::1]:4000", "[::1]")]
    public void The_first_label_of_the_host_names_the_tenant(string host, string expected) =>
        Assert.Equal(expected, Resolve(host)?.Value);

    [Theory]
    [InlineData("localhost:4000", "home")]
    [InlineData("realtime", "home")]
    [InlineData("127.0.0.1:4000", "home")]
    [InlineData("192.168.1.7", "home")]
    [InlineData("[::1]:4000", "home")]
    [InlineData("", "home")]
    [InlineData("acme.localhost", "acme")]
    [InlineData("10.example.org", "10")]
    public void The_default_tenant_serves_hosts_that_name_none(string host, string expected) =>
        Assert.Equal(expected, Resolve(host, defaultTenant: "home")?.Value);

    [Theory]
    [InlineData("globex")]
    [InlineData("Globex_2.eu-1")]
    public void The_header_goes_before_the_host(string header) =>
        Assert.Equal(header, Resolve("acme.localhost", header: header, defaultTenant: "home")?.Value);

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a,b")]
    public void A_header_that_cannot_be_a_name_finds_nothing(string header) =>
        Assert.Null(Resolve("acme.localhost", header: header, defaultTenant: "home"));

    [Fact]
    public void Names_end_at_255_characters()
    {
        Assert.NotNull(Resolve("acme.localhost", header: new string('a', 255)));
        Assert.Null(Resolve("acme.localhost", header: new string('a', 256)));
        Assert.Null(Resolve(new string('a', 256) + ".localhost"));
    }

    [Fact]
    public void A_host_without_a_first_label_finds_nothing()
    {
        Assert.Null(Resolve(".example.org"));
        Assert.Null(Resolve(""));
    }

    private static TenantId? Resolve(string host, string? header = null, string? defaultTenant = null)
    {
        var request = new DefaultHttpContext().Request;
        request.Host = new HostString(host);
        request.Headers["x-forwarded-host"] = "other.example.org";
        if (header is not null)
        {
            request.Headers["x-tenant-id"] = header;
        }

        return new TenantResolver(new TenantSettings { DefaultTenant = defaultTenant }).Resolve(request);
    }
}
