using Microsoft.Extensions.DependencyInjection.Extensions;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.Api;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.Encryption;
using Realtime.TenantAdmin.FeatureFlags;
using Realtime.TenantAdmin.Runtime;
using Realtime.TenantAdmin.Seed;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin;

/// <summary>The service that keeps the tenants: control database, management API, encryption at rest, self-hosted seed.</summary>
public static partial class TenantAdminService
{
    /// <summary>Registers the service, and the control database as <see cref="ITenantStore"/>.</summary>
    /// <remarks>
    /// The host has to register <see cref="Contracts.Nodes.INodeBus"/>, <see cref="Contracts.Nodes.INodeDirectory"/> and
    /// <see cref="ITenantMigrations"/>, and to call <c>AddRealtimeHosting</c>. An <see cref="ITenantRuntime"/> of its own is kept.
    /// </remarks>
    public static WebApplicationBuilder AddTenantAdmin(this WebApplicationBuilder builder, RealtimeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(settings);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(settings);
        services.TryAddSingleton(settings.ControlDatabase);
        services.TryAddSingleton(settings.Tenants);
        services.AddSingleton<ControlConnections>()
            .AddSingleton<ControlMigrations>()
            .AddSingleton<SecretCipher>()
            .AddSingleton<FlagResolver>()
            .AddSingleton<TenantConfigReader>()
            .AddSingleton<TenantWriter>()
            .AddSingleton<TenantAnnouncements>()
            .AddSingleton<TenantRegistry>()
            .AddSingleton<TenantHealthCheck>()
            .AddSingleton<SelfHostSeed>()
            .AddSingleton<ITenantStore, ControlTenantStore>();
        services.AddSingleton<SecretBackfill>().AddHostedService(provider => provider.GetRequiredService<SecretBackfill>());
        services.AddSingleton<TenantMigrationRuns>().AddHostedService(provider => provider.GetRequiredService<TenantMigrationRuns>());
        services.TryAddSingleton<ITenantRuntime, DirectTenantRuntime>();
        return builder;
    }

    /// <summary>Maps the management API. Needs <c>UseRealtimeHosting</c> before it.</summary>
    public static IEndpointRouteBuilder MapTenantAdmin(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        TenantRoutes.Map(routes);
        return routes;
    }

    /// <summary>Makes the control database ready, then seeds the self-hosted tenant if asked to. Call it before serving.</summary>
    /// <exception cref="ControlDatabaseUnavailableException">The control database cannot be used; the message is for the operator.</exception>
    /// <exception cref="SecretUnreadableException">The seeded tenant cannot be encrypted for want of a key.</exception>
    public static async Task PrepareTenantAdminAsync(this WebApplication app, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(app);
        var settings = app.Services.GetRequiredService<RealtimeSettings>();
        var cipher = app.Services.GetRequiredService<SecretCipher>();
        WarnOfKeys(app.Logger, settings.ControlDatabase, cipher);
        await app.Services.GetRequiredService<ControlMigrations>().RunAsync(cancellationToken);
        if (settings.Tenants.SeedSelfHost)
        {
            await SeedAsync(app.Services, cancellationToken);
        }
    }

    private static async Task SeedAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        try
        {
            await services.GetRequiredService<SelfHostSeed>().RunAsync(cancellationToken);
        }
        catch (Exception e) when (ControlDatabaseFailure.IsFailure(e))
        {
            throw new ControlDatabaseUnavailableException(services.GetRequiredService<ControlConnections>().Description, e);
        }
    }

    private static void WarnOfKeys(ILogger logger, ControlDatabaseSettings settings, SecretCipher cipher)
    {
        if (settings.WriteGcm && !cipher.WritesGcm)
        {
            Log.NoGcmKey(logger);
        }

        if (!cipher.CanWrite)
        {
            Log.NoKey(logger);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "DB_ENC_WRITE_GCM is set but DB_ENC_KEY_GCM is missing, continuing with AES-128-ECB")]
        public static partial void NoGcmKey(ILogger logger);

        [LoggerMessage(2, LogLevel.Warning,
            "No key encrypts the secrets of tenants: set DB_ENC_KEY (16 bytes), or DB_ENC_KEY_GCM (32 bytes) with DB_ENC_WRITE_GCM=true. Until then no tenant can be written.")]
        public static partial void NoKey(ILogger logger);
    }
}
