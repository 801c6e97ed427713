using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Dapr.Inboxes;
using Realtime.Hosting.Dapr.Invocation;
using Realtime.Hosting.Dapr.Membership;
using Realtime.Hosting.Dapr.Sidecars;
using Realtime.Hosting.InProcess;

namespace Realtime.Hosting.Dapr;

/// <summary>The ports over a Dapr sidecar. No start waits for the sidecar, and each adapter lives through its loss.</summary>
public static class DaprHosting
{
    private const string ReadinessTag = "cluster";

    /// <summary>
    /// Makes the process a member of the cluster: <see cref="INodeBus"/> and <see cref="INodeDirectory"/>. Call it before services whose
    /// end still sends something: what is added first stops last.
    /// </summary>
    /// <param name="services">Where to add them.</param>
    /// <param name="settings">Where the sidecar is.</param>
    /// <param name="service">Name of the service, for people.</param>
    public static IServiceCollection AddDaprCluster(this IServiceCollection services, DaprSettings settings, string service)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(settings);
        services.AddSingleton(new ProcessIdentity(Guid.NewGuid(), service))
            .AddSingleton<Sidecar>()
            .AddSingleton<BusMetrics>()
            .AddSingleton<OutboxFactory>()
            .AddSingleton<NodeRecords>()
            .AddSingleton<RefreshSignal>()
            .AddSingleton<ClusterReadiness>()
            .AddSingleton<InboxDelivery>()
            .AddSingleton<Inbox>()
            .AddSingleton<InProcessNodeBus>()
            .AddSingleton<DaprNodeDirectory>()
            .AddSingleton<DaprNodeBus>()
            .AddSingleton<INodeDirectory>(provider => provider.GetRequiredService<DaprNodeDirectory>())
            .AddSingleton<INodeBus>(provider => provider.GetRequiredService<DaprNodeBus>())
            .AddHostedService<ClusterMembership>();
        services.AddHealthChecks().Add(new(
            ReadinessTag, provider => provider.GetRequiredService<ClusterReadiness>(), failureStatus: null, [ReadinessTag]));
        return services;
    }

    /// <summary>Drops the cached copy of a tenant when it changes. Not needed beside the socket service, which does so itself.</summary>
    public static IServiceCollection AddTenantCatalogUpdates(this IServiceCollection services) => services.AddHostedService<TenantCatalogUpdates>();

    /// <summary>Adds an <see cref="ITenantStore"/> that asks the tenant administration.</summary>
    public static IServiceCollection AddDaprTenantStore(this IServiceCollection services) => services.AddSingleton<ITenantStore, DaprTenantStore>();

    /// <summary>Adds an <see cref="IChannelAuthorizer"/> and an <see cref="IReplayStore"/> that ask the broadcast service.</summary>
    public static IServiceCollection AddDaprMessages(this IServiceCollection services) =>
        services.AddSingleton<IChannelAuthorizer, DaprChannelAuthorizer>().AddSingleton<IReplayStore, DaprReplayStore>();

    /// <summary>Maps <c>GET /readyz</c>: 200 <c>ready</c>, or 503 and what is missing, one line each. A process that stops is not ready.</summary>
    public static IEndpointRouteBuilder MapReadiness(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var readiness = routes.ServiceProvider.GetRequiredService<ClusterReadiness>();
        routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping
            .Register(() => readiness.Note("process", "it is stopping"));
        routes.MapHealthChecks("/readyz", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(ReadinessTag),
            ResponseWriter = (context, _) =>
            {
                var missing = readiness.Missing;
                context.Response.ContentType = "text/plain; charset=utf-8";
                return context.Response.WriteAsync(missing.Count == 0 ? "ready" : string.Join('\n', missing), context.RequestAborted);
            },
        });
        return routes;
    }
}
