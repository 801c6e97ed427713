using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Http;

/// <summary>What every service's host has: the listener, logs, settings, tenants, and what happens to every request.</summary>
public static class RealtimeHosting
{
    /// <summary>
    /// Configures the host. Afterwards the container has the settings, a clock, <see cref="TenantResolver"/>,
    /// <see cref="TenantRateBook"/>, <see cref="TokenVerifier"/>, <see cref="OperatorTokens"/>, and <see cref="TenantCatalog"/> for hosts
    /// that register an <see cref="Contracts.Tenants.ITenantStore"/>.
    /// </summary>
    public static WebApplicationBuilder AddRealtimeHosting(this WebApplicationBuilder builder, RealtimeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(settings);
        builder.AddRealtimeListener(settings.Node);
        AddServices(builder.Services, settings);
        return builder;
    }

    /// <summary>Configures only where the host listens and how it logs; for one that serves no route of its own.</summary>
    public static WebApplicationBuilder AddRealtimeListener(this WebApplicationBuilder builder, NodeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(settings);
        builder.WebHost.ConfigureKestrel(options => Listener.Configure(options, settings));
        AddConsole(builder.Logging, builder.Configuration, settings.LogLevel);
        return builder;
    }

    /// <summary>Sets up what happens to every request (http-api.md section 1). Call it before mapping routes.</summary>
    /// <remarks>
    /// The order is that of the contract: the body is read before a request has an id, and both before CORS, so that the answer to a
    /// malformed body carries neither. Nothing is added below <c>/socket/</c>.
    /// </remarks>
    public static WebApplication UseRealtimeHosting(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(UpgradedConnections.Invoke);
        app.UseWhen(SocketPath.IsElsewhere, http => http
            .Use(ResponseDefaults.Invoke)
            .UseResponseCompression()
            .Use(HeadAsGet.Invoke));
        app.UseRouting();
        app.UseWhen(SocketPath.IsElsewhere, http => http
            .Use(RequestBodyReader.Invoke)
            .UseMiddleware<RequestIds>()
            .UseMiddleware<RequestLog>()
            .UseMiddleware<ErrorAnswers>()
            .UseCors());
        return app;
    }

    private static void AddServices(IServiceCollection services, RealtimeSettings settings)
    {
        services.AddSingleton(settings)
            .AddSingleton(settings.Node)
            .AddSingleton(settings.ControlDatabase)
            .AddSingleton(settings.Tokens)
            .AddSingleton(settings.Tenants)
            .AddSingleton(settings.Socket)
            .AddSingleton<TenantResolver>()
            .AddSingleton<TenantCatalog>()
            .AddSingleton<TenantRateBook>()
            .AddSingleton<TokenVerifier>()
            .AddSingleton<OperatorTokens>()
            .AddCors();
        services.TryAddSingleton(TimeProvider.System);
        Compression.Add(services);
    }

    // One JSON object a line where a machine reads it, short lines where a person does.
    private static void AddConsole(ILoggingBuilder logging, ConfigurationManager configuration, LogLevel level)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning);
        if (configuration["DOTNET_RUNNING_IN_CONTAINER"] == "true" || Console.IsOutputRedirected)
        {
            logging.AddJsonConsole(options =>
            {
                options.IncludeScopes = true;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
        }
    }
}
