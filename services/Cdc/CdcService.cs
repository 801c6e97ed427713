using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Realtime.Cdc.Feeds;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Postgres;
using Realtime.Postgres.Connections;
using Realtime.Postgres.TenantSchema;

namespace Realtime.Cdc;

/// <summary>The change feed: Postgres Changes and broadcasts from the database.</summary>
public static class CdcService
{
    /// <summary>Adds <see cref="IChangeFeed"/>. The host has <c>AddRealtimeHosting</c>, an <see cref="INodeBus"/> and a tenant store.</summary>
    public static WebApplicationBuilder AddCdc(this WebApplicationBuilder builder, RealtimeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(settings);
        var services = builder.Services;
        services.AddTenantDatabases();
        services.TryAddSingleton(new FeedSettings { SlotNameSuffix = settings.Tenants.SlotNameSuffix });
        services.AddSingleton(s => new ChangeFeeds(new FeedContext(
            NodeId.New("cdc"),
            s.GetRequiredService<INodeBus>(),
            s.GetRequiredService<TenantCatalog>(),
            s.GetRequiredService<TenantDataSources>(),
            s.GetRequiredService<TenantPreparation>(),
            s.GetRequiredService<TenantRateBook>(),
            s.GetRequiredService<FeedSettings>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<ChangeFeeds>>())));
        services.AddSingleton<IChangeFeed>(s => s.GetRequiredService<ChangeFeeds>());
        services.AddHostedService(s => s.GetRequiredService<ChangeFeeds>());
        return builder;
    }
}
