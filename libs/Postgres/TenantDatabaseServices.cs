using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Authorization;
using Realtime.Postgres.Connections;
using Realtime.Postgres.Messages;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Postgres;

/// <summary>What a process needs that talks to the tenants' databases.</summary>
public static class TenantDatabaseServices
{
    /// <summary>Adds connections, schema and partitions; nothing connects before its first use.</summary>
    public static IServiceCollection AddTenantDatabases(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<TenantDataSources>();
        services.TryAddSingleton<ITenantMigrations, TenantMigrations>();
        services.TryAddSingleton<MessagePartitions>();
        services.TryAddSingleton<TenantPreparation>();
        return services;
    }

    /// <summary>Adds <see cref="IChannelAuthorizer"/> and <see cref="IReplayStore"/> over the tenants' databases.</summary>
    /// <param name="services">Where to add them.</param>
    /// <param name="findTenant">How to look up a tenant's settings; should be cached.</param>
    public static IServiceCollection AddTenantMessages(
        this IServiceCollection services, Func<IServiceProvider, Func<TenantId, CancellationToken, ValueTask<TenantConfig?>>> findTenant)
    {
        services.AddTenantDatabases();
        services.AddSingleton<IChannelAuthorizer>(s => new PostgresChannelAuthorizer(
            findTenant(s), s.GetRequiredService<TenantPreparation>(), s.GetRequiredService<TenantDataSources>(),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PostgresChannelAuthorizer>>()));
        services.AddSingleton<IReplayStore>(s => new PostgresReplayStore(
            findTenant(s), s.GetRequiredService<TenantPreparation>(), s.GetRequiredService<TenantDataSources>(),
            s.GetRequiredService<ILogger<PostgresReplayStore>>()));
        return services;
    }
}
