using Microsoft.Extensions.DependencyInjection;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Tests.Seed;

public sealed class SelfHostSeedTests(Databases databases)
{
    private static readonly (string, string?) On = ("SEED_SELF_HOST", "true");

    [Fact]
    public async Task First_start_creates_the_tenant_from_the_environment()
    {
        await using var host = await AdminHost.StartAsync(databases, On, ("API_JWT_JWKS", """{"keys":[]}"""), ("TENANT_MAX_EVENTS_PER_SECOND", "11"));

        var tenant = (await FindAsync(host))!;
        Assert.Equal(AdminHost.ApiSecret, tenant.JwtSecret);
        Assert.Equal("""{"keys": []}""", tenant.JwtJwks);
        Assert.Equal(11, tenant.Limits.MaxEventsPerSecond);
        Assert.Equal((databases.Server.Host, databases.Server.Port, host.Database), (tenant.Database!.Host, tenant.Database.Port, tenant.Database.Name));
        Assert.Equal(("us-east-1", false), (tenant.Database.Region, tenant.Database.SslEnforced));
        Assert.Equal(host.Migrations.Count, await host.QueryAsync<int>("select migrations_ran from tenants"));
        Assert.Equal("realtime-dev", await host.QueryAsync<string>("select name from tenants"));
        Assert.True(await host.QueryAsync<bool>("select enabled and rollout_percentage = 100 from feature_flags where name = 'gcm_encryption_backfill'"));
        Assert.Contains("Information: Tenant set-up successfully: realtime-dev ", host.Logs.Lines);
    }

    [Fact]
    public async Task Later_start_keeps_what_an_operator_changed()
    {
        Guid id;
        string database;
        await using (var first = await AdminHost.StartAsync(databases, On))
        {
            database = first.Database;
            id = await first.QueryAsync<Guid>("select id from tenants");
            var settings = first.ExtensionSettings(("region", "eu"), ("db_pool", 5));
            await first.PutAsync("realtime-dev", new { max_events_per_second = 9000, private_only = true, extensions = new object[] { new { type = "postgres_cdc_rls", settings }, new { type = "other", settings = new { a = 1 } } } });
        }

        await using var second = await AdminHost.StartOnAsync(databases, database, On);

        var tenant = (await FindAsync(second))!;
        Assert.Equal(id, await second.QueryAsync<Guid>("select id from tenants"));
        Assert.Equal(9000, tenant.Limits.MaxEventsPerSecond);
        Assert.True(tenant.PrivateOnly);
        Assert.Equal(("eu", 5), (tenant.Database!.Region, tenant.Database.PoolSize));
        Assert.Equal(2, await second.QueryAsync<long>("select count(*) from extensions"));
    }

    [Fact]
    public async Task Later_start_follows_the_environment_in_secret_and_connection()
    {
        string database;
        await using (var first = await AdminHost.StartAsync(databases, On))
        {
            database = first.Database;
            await first.ExecuteAsync("update tenants set jwt_secret = 'lost'; update extensions set settings = settings || '{\"db_password\":\"lost\"}'");
        }

        await using var second = await AdminHost.StartOnAsync(databases, database, On, ("API_JWT_SECRET", "rotated"));

        var tenant = (await FindAsync(second))!;
        Assert.Equal("rotated", tenant.JwtSecret);
        Assert.Equal("postgres", tenant.Database!.Password);
    }

    [Fact]
    public async Task Secret_that_everybody_knows_is_only_given_to_a_new_tenant_and_warned_of()
    {
        string database;
        await using (var first = await AdminHost.StartAsync(databases, On, ("API_JWT_SECRET", null)))
        {
            database = first.Database;
            Assert.Equal("super-secret-jwt-token-with-at-least-32-characters-long", (await FindAsync(first))!.JwtSecret);
            Assert.Contains(first.Logs.Lines, line => line.StartsWith("Warning: API_JWT_SECRET is not set", StringComparison.Ordinal));
        }

        await using (await AdminHost.StartOnAsync(databases, database, On, ("API_JWT_SECRET", "mine")))
        {
        }

        await using var third = await AdminHost.StartOnAsync(databases, database, On, ("API_JWT_SECRET", null));
        Assert.Equal("mine", (await FindAsync(third))!.JwtSecret);
    }

    [Fact]
    public async Task Processes_that_start_at_once_seed_one_tenant()
    {
        var database = await databases.Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);

        var hosts = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => AdminHost.StartOnAsync(databases, database, On)));

        Assert.Equal(1, await hosts[0].QueryAsync<long>("select count(*) from tenants"));
        Assert.All(hosts, host => Assert.DoesNotContain(host.Logs.Lines, line => line.Contains("Failed to set-up tenant", StringComparison.Ordinal)));
        await Task.WhenAll(hosts.Select(host => host.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Missing_key_ends_the_start_with_its_name()
    {
        var failure = await Assert.ThrowsAsync<SecretUnreadableException>(() => AdminHost.StartAsync(databases, On, ("DB_ENC_KEY", null)));

        Assert.Contains("DB_ENC_KEY is not set", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("TRUE")]
    [InlineData("1")]
    public async Task Anything_but_the_exact_word_seeds_nothing(string? value)
    {
        await using var host = await AdminHost.StartAsync(databases, ("SEED_SELF_HOST", value));

        Assert.Equal(0, await host.QueryAsync<long>("select count(*) from tenants"));
    }

    private static async Task<TenantConfig?> FindAsync(AdminHost host) => await host.Services.GetRequiredService<ITenantStore>()
        .FindAsync(new TenantId(host.Services.GetRequiredService<TenantSettings>().SelfHostTenantName), TestContext.Current.CancellationToken);
}
