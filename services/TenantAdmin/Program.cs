using Realtime.Hosting.Dapr;
using Realtime.Hosting.Dapr.Invocation;
using Realtime.Postgres;
using Realtime.TenantAdmin;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.Encryption;

return await ServiceHost.RunAsync(
    args,
    DaprNames.TenantAdminApp,
    (builder, settings) =>
    {
        builder.Services.AddTenantDatabases().AddTenantCatalogUpdates();
        builder.AddTenantAdmin(settings);
    },
    app =>
    {
        app.MapTenantAdmin().MapInternalTenants();
        return app.PrepareTenantAdminAsync();
    },
    exception => exception is ControlDatabaseUnavailableException or SecretUnreadableException);
