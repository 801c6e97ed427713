using Realtime.Broadcast;
using Realtime.Cdc;
using Realtime.Contracts.Nodes;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;
using Realtime.Hosting.InProcess;
using Realtime.Hosting.Tenants;
using Realtime.Postgres;
using Realtime.Presence;
using Realtime.Socket;
using Realtime.TenantAdmin;

namespace Realtime.Standalone;

/// <summary>Composes the services with the in-process adapters of their ports.</summary>
public static class StandaloneServer
{
    /// <summary>Registers everything.</summary>
    public static WebApplicationBuilder AddStandalone(this WebApplicationBuilder builder, RealtimeSettings settings)
    {
        builder.AddRealtimeHosting(settings);
        builder.Services.AddSingleton<INodeBus, InProcessNodeBus>();
        builder.Services.AddSingleton<INodeDirectory, InProcessNodeDirectory>();
        builder.Services.AddTenantMessages(services =>
        {
            var catalog = services.GetRequiredService<TenantCatalog>();
            return async (tenant, cancellationToken) => (await catalog.FindAsync(tenant, cancellationToken))?.Config;
        });
        builder.AddTenantAdmin(settings);
        builder.AddBroadcast();
        builder.AddPresence();
        builder.AddCdc(settings);
        builder.AddSocket(settings);
        return builder;
    }

    /// <summary>Maps all routes and makes the control database ready.</summary>
    public static async Task PrepareStandaloneAsync(this WebApplication app)
    {
        app.UsePublicPaths();
        app.UseRealtimeHosting();
        app.MapHealthcheck();
        app.MapPing();
        app.MapTenantAdmin();
        app.MapBroadcast();
        app.MapPresence();
        app.MapSocket();
        await app.PrepareTenantAdminAsync();
    }
}
