using Microsoft.Extensions.DependencyInjection;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.Tests.ControlDatabase;

namespace Realtime.TenantAdmin.Tests.Tenants;

public sealed class ControlTenantStoreTests(Databases databases)
{
    [Fact]
    public async Task Tenants_of_the_reference_server_are_read_in_both_formats()
    {
        await using var host = await StartOnReferenceAsync(("DB_ENC_KEY_GCM", AdminHost.GcmKey));

        var old = (await FindAsync(host, "old"))!;
        var @new = (await FindAsync(host, "new"))!;

        Assert.Equal("hello", old.JwtSecret);
        Assert.Equal("""{"keys": []}""", old.JwtJwks);
        Assert.False(old.Suspended);
        Assert.Equal(new TenantLimits { MaxJoinsPerSecond = 500 }, old.Limits);
        Assert.Equal(
            new TenantDatabase
            {
                Host = "hello", Port = 5433, Name = "postgres", User = "sixteen-bytes-ok", Password = "hello", Region = "eu", SslEnforced = true,
                PoolSize = 3, SubscriberPoolSize = 6,
            },
            old.Database);
        Assert.Equal("hello", @new.JwtSecret);
        Assert.True(@new.Suspended);
        Assert.Null(@new.Database);
        Assert.Equal((5, 6, 8, TimeSpan.FromSeconds(7)), (@new.Limits.MaxPresenceEventsPerSecond, @new.Limits.MaxPayloadKilobytes, @new.Limits.MaxClientPresenceCalls, @new.Limits.ClientPresenceWindow));
        Assert.Null(await FindAsync(host, "unknown"));
        Assert.Null(await FindAsync(host, "a\0b"));
    }

    [Fact]
    public async Task Tenant_whose_secret_cannot_be_read_fails_alone()
    {
        await using var host = await StartOnReferenceAsync();

        var failure = await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => FindAsync(host, "new"));

        Assert.Contains("DB_ENC_KEY_GCM is not set", failure.Message, StringComparison.Ordinal);
        Assert.Contains(host.Logs.Lines, line => line.StartsWith("Error: Tenant new cannot be served.", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("AAECAwQFBgc", StringComparison.Ordinal));
        Assert.Equal("hello", (await FindAsync(host, "old"))!.JwtSecret);
    }

    [Theory]
    [InlineData("""'{"region":"x"}'""")]
    [InlineData("'7'")]
    [InlineData("null")]
    [InlineData("""settings || '{"db_port":"67fHA+Z12z2jlwOLTBeCPA=="}'""")]
    [InlineData("""settings || '{"db_host":5}'""")]
    public async Task Tenant_with_senseless_settings_fails_alone(string settings)
    {
        await using var host = await StartOnReferenceAsync(("DB_ENC_KEY_GCM", AdminHost.GcmKey));
        await host.ExecuteAsync($"update extensions set settings = {settings}");

        await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => FindAsync(host, "old"));

        Assert.NotNull(await FindAsync(host, "new"));
        Assert.Equal(200, (await host.GetAsync("/api/tenants")).Status);
        Assert.Equal(200, (await host.GetAsync("/api/tenants/old/health")).Status);
    }

    [Fact]
    public async Task Store_that_cannot_be_asked_says_so()
    {
        await using var host = await AdminHost.StartAsync(databases);
        await host.ExecuteAsync("alter table tenants rename to gone");

        await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => FindAsync(host, "acme"));
        var answer = await host.GetAsync("/api/tenants");

        Assert.Equal((503, """{"message":"The control database is not available"}"""), (answer.Status, answer.Body));
    }

    private static async Task<TenantConfig?> FindAsync(AdminHost host, string tenant) =>
        await host.Services.GetRequiredService<ITenantStore>().FindAsync(new TenantId(tenant), TestContext.Current.CancellationToken);

    private async Task<AdminHost> StartOnReferenceAsync(params (string Name, string? Value)[] settings)
    {
        var database = await databases.Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await ReferenceDatabase.CreateAsync(databases, database, ReferenceDatabase.Complete);
        return await AdminHost.StartOnAsync(databases, database, settings);
    }
}
