using Realtime.Gateway.Routing;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Http;
using Realtime.Hosting.Tenants;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Transforms;

namespace Realtime.Gateway;

/// <summary>The public entrance. Knows tenants only by name and reads no token: that is the services' work.</summary>
public static class GatewayService
{
    /// <summary>Registers the gateway.</summary>
    public static WebApplicationBuilder AddGateway(this WebApplicationBuilder builder, TenantSettings tenants, GatewaySettings settings)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton(tenants).AddSingleton<TenantResolver>().AddSingleton<ILoadBalancingPolicy, TenantAffinity>();
        builder.Services.AddReverseProxy()
            .LoadFromMemory(GatewayRoutes.Routes, GatewayRoutes.Clusters(settings))
            .AddDnsDestinationResolver(options => options.RefreshPeriod = TimeSpan.FromSeconds(10))
            .AddTransforms(context => context.RequestTransforms.Add(new TenantHost(context.Services.GetRequiredService<TenantResolver>())));
        return builder;
    }

    /// <summary>Maps what is public, refuses what must not be, and says that the gateway itself lives.</summary>
    public static WebApplication MapGateway(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapHealthcheck();
        app.Map($"{GatewayRoutes.PublicPrefix}/api/tenants/{{**rest}}", Refuse);
        app.Map($"{GatewayRoutes.PublicPrefix}/api/openapi/{{**rest}}", Refuse);
        app.MapReverseProxy();
        return app;
    }

    private static Task Refuse(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return Task.CompletedTask;
    }
}
