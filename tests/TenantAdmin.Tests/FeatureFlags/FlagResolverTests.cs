using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.FeatureFlags;

namespace Realtime.TenantAdmin.Tests.FeatureFlags;

public sealed class FlagResolverTests(Databases databases)
{
    [Fact]
    public async Task Answers_come_from_the_cache_until_it_expires_and_unknown_flags_are_cached_as_absent()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await AdminHost.StartAsync(databases);
        var settings = AdminHost.Settings(databases.Server, host.Database);
        await using var connections = new ControlConnections(settings.ControlDatabase);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var flags = new FlagResolver(connections, settings.Tenants, time, NullLogger<FlagResolver>.Instance);
        const string Insert = "insert into feature_flags values (gen_random_uuid(), 'f', true, 0, null, now(), now())";

        Assert.False(await flags.IsEnabledAsync("f", token));
        await host.ExecuteAsync(Insert);
        Assert.False(await flags.IsEnabledAsync("f", token));
        time.Advance(settings.Tenants.CacheExpiration);

        Assert.True(await flags.IsEnabledAsync("f", token));
        Assert.False(await flags.IsEnabledForAsync("f", "acme", "{}", token));
        Assert.True(await flags.IsEnabledForAsync("f", "acme", """{"f":true}""", token));
        Assert.False(await flags.IsEnabledForAsync("unknown", "acme", """{"unknown":true}""", token));
    }

    [Fact]
    public async Task Upsert_replaces_the_values_and_the_cached_copy()
    {
        var token = TestContext.Current.CancellationToken;
        await using var host = await AdminHost.StartAsync(databases);
        var settings = AdminHost.Settings(databases.Server, host.Database);
        await using var connections = new ControlConnections(settings.ControlDatabase);
        var flags = new FlagResolver(connections, settings.Tenants, TimeProvider.System, NullLogger<FlagResolver>.Instance);

        await flags.UpsertAsync(new FeatureFlag("f", true, 100, null), token);
        Assert.True(await flags.IsEnabledAsync("f", token));
        await flags.UpsertAsync(new FeatureFlag("f", false, 10, "k"), token);

        Assert.False(await flags.IsEnabledAsync("f", token));
        Assert.Equal("f false 10 k", await host.QueryAsync<string>(
            "select string_agg(concat_ws(' ', name, enabled::text, rollout_percentage, bucket_key), ',') from feature_flags"));
    }

    [Fact]
    public async Task Failing_lookup_counts_as_absent_and_is_not_remembered()
    {
        var token = TestContext.Current.CancellationToken;
        var database = await databases.Server.CreateDatabaseAsync(token);
        var settings = AdminHost.Settings(databases.Server, database);
        await using var connections = new ControlConnections(settings.ControlDatabase);
        var flags = new FlagResolver(connections, settings.Tenants, TimeProvider.System, NullLogger<FlagResolver>.Instance);

        Assert.False(await flags.IsEnabledAsync("f", token)); // there is no such table yet
        await using var host = await AdminHost.StartOnAsync(databases, database);
        await host.ExecuteAsync("insert into feature_flags values (gen_random_uuid(), 'f', true, 100, null, now(), now())");

        Assert.True(await flags.IsEnabledAsync("f", token));
    }
}
