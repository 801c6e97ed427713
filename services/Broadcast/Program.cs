using Realtime.Broadcast;
using Realtime.Hosting.Dapr;
using Realtime.Hosting.Dapr.Invocation;
using Realtime.Hosting.Http;
using Realtime.Hosting.Tenants;
using Realtime.Postgres;

return await ServiceHost.RunAsync(
    args,
    DaprNames.BroadcastApp,
    (builder, _) =>
    {
        builder.Services.AddDaprTenantStore().AddTenantCatalogUpdates().AddTenantMessages(services =>
        {
            var catalog = services.GetRequiredService<TenantCatalog>();
            return async (tenant, cancellationToken) => (await catalog.FindAsync(tenant, cancellationToken))?.Config;
        });
        builder.AddBroadcast();
    },
    app =>
    {
        app.MapPing().MapBroadcast().MapInternalMessages();
        return Task.CompletedTask;
    });
