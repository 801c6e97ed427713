using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.FeatureFlags;
using Realtime.TenantAdmin.Tests.ControlDatabase;

namespace Realtime.TenantAdmin.Tests.Encryption;

public sealed class SecretBackfillTests(Databases databases)
{
    [Fact]
    public async Task Load_moves_the_secrets_and_nothing_else()
    {
        await using var host = await StartAsync();
        await EnableAsync(host);
        var before = await FindAsync(host);

        await Wait.UntilAsync("the secrets are moved", () => host.QueryAsync<bool>("select gcm_migrated_at is not null from tenants where external_id = 'old'"));

        Assert.True(await host.QueryAsync<bool>("select jwt_secret like 'g1:%' from tenants where external_id = 'old'"));
        var settings = JsonElement.Parse(await host.QueryAsync<string>("select settings::text from extensions"));
        foreach (var key in (string[])["db_host", "db_port", "db_name", "db_user", "db_password"])
        {
            Assert.StartsWith("g1:", settings.GetProperty(key).GetString(), StringComparison.Ordinal);
        }

        Assert.Equal(4, settings.GetProperty("ip_version").GetInt32());
        Assert.Equal(new DateTime(2026, 1, 1), await host.QueryAsync<DateTime>("select updated_at from tenants where external_id = 'old'"));
        var after = await FindAsync(host);
        Assert.Equal((before.JwtSecret, before.Database), (after.JwtSecret, after.Database));
        Assert.Empty(host.Bus.Take());
    }

    [Fact]
    public async Task Nothing_moves_without_the_flag()
    {
        await using var host = await StartAsync();

        await FindAsync(host);
        await EnableAsync(host, "new"); // a tenant that comes after it in the queue
        await host.ExecuteAsync("update tenants set jwt_secret = '67fHA+Z12z2jlwOLTBeCPA==' where external_id = 'new'");
        await FindAsync(host, "new");
        await Wait.UntilAsync("the later tenant is moved", () => host.QueryAsync<bool>("select gcm_migrated_at is not null from tenants where external_id = 'new'"));

        Assert.True(await host.QueryAsync<bool>("select gcm_migrated_at is null from tenants where external_id = 'old'"));
        Assert.Equal("67fHA+Z12z2jlwOLTBeCPA==", await host.QueryAsync<string>("select jwt_secret from tenants where external_id = 'old'"));
    }

    [Fact]
    public async Task Concurrent_change_wins_and_the_tenant_is_tried_again_at_its_next_load()
    {
        await using var host = await StartAsync();
        await EnableAsync(host);
        // Stands for another process that writes between our reading and writing.
        await host.ExecuteAsync(
            """
            create function swallow() returns trigger language plpgsql as 'begin return null; end';
            create trigger swallow before update of jwt_secret on tenants for each row execute function swallow();
            """);

        await FindAsync(host);
        await Wait.UntilAsync("the loss is logged", () => Task.FromResult(host.Logs.Lines.Any(line =>
            line.StartsWith("Error: EncryptionReconcileFailed: the secrets of tenant old were not all moved to AES-256-GCM: changed.", StringComparison.Ordinal))));
        await host.ExecuteAsync("drop trigger swallow on tenants");
        await Wait.UntilAsync("a later load moves it", async () =>
        {
            await FindAsync(host);
            return await host.QueryAsync<bool>("select gcm_migrated_at is not null from tenants where external_id = 'old'");
        });

        Assert.Equal("hello", (await FindAsync(host)).JwtSecret);
    }

    private static Task EnableAsync(AdminHost host, string? onlyFor = null) => onlyFor is null
        ? host.Services.GetRequiredService<FlagResolver>().UpsertAsync(new FeatureFlag("gcm_encryption_backfill", true, 100, null), TestContext.Current.CancellationToken)
        : EnableOnlyAsync(host, onlyFor);

    private static async Task EnableOnlyAsync(AdminHost host, string tenant)
    {
        await host.ExecuteAsync($$"""update tenants set feature_flags = '{"gcm_encryption_backfill":true}' where external_id = '{{tenant}}'""");
        await host.Services.GetRequiredService<FlagResolver>().UpsertAsync(new FeatureFlag("gcm_encryption_backfill", false, 100, null), TestContext.Current.CancellationToken);
    }

    private static async Task<TenantConfig> FindAsync(AdminHost host, string tenant = "old") =>
        (await host.Services.GetRequiredService<ITenantStore>().FindAsync(new TenantId(tenant), TestContext.Current.CancellationToken))!;

    private async Task<AdminHost> StartAsync()
    {
        var database = await databases.Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await ReferenceDatabase.CreateAsync(databases, database, ReferenceDatabase.Complete);
        return await AdminHost.StartOnAsync(databases, database, ("DB_ENC_KEY_GCM", AdminHost.GcmKey), ("DB_ENC_WRITE_GCM", "true"));
    }
}
