using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Http;

/// <summary>The parts of a route's own pipeline. They run in the order in which a route names them.</summary>
public static class EndpointConventions
{
    /// <summary>Has the body read and checked before anything else; the handler finds it as feature <see cref="RequestBody"/> (http-api.md 1.5).</summary>
    public static TBuilder WithRequestBody<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequestBodyMetadata());

    /// <summary>Answers 406 to clients that do not take JSON (http-api.md 1.7).</summary>
    public static TBuilder RequireJsonAccepted<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter(new JsonAcceptedFilter());

    /// <summary>
    /// Finds the tenant, else 401, and counts the request against its rate, else 429 (http-api.md sections 2 and 4). The handler finds
    /// it as <see cref="TenantRequest"/>.
    /// </summary>
    public static TBuilder RequireTenant<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter<TBuilder, TenantFilter>();

    /// <summary>Answers 401 to requests without a valid token of the tenant (http-api.md 3.4). Needs <see cref="RequireTenant"/> before it.</summary>
    public static TBuilder RequireTenantToken<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilter<TBuilder, TenantTokenFilter>();

    /// <summary>Answers 403 to requests without a management token (http-api.md 3.2).</summary>
    public static TBuilder RequireManagementToken<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.RequireOperator(tokens => tokens.AcceptsManagement);

    /// <summary>Answers 403 to requests without a metrics token (http-api.md 3.3).</summary>
    public static TBuilder RequireMetricsToken<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.RequireOperator(tokens => tokens.AcceptsMetrics);

    private static TBuilder RequireOperator<TBuilder>(
        this TBuilder builder, Func<OperatorTokens, Func<StringValues, bool>> purpose)
        where TBuilder : IEndpointConventionBuilder => builder.AddEndpointFilterFactory((context, next) =>
        {
            var filter = new OperatorFilter(purpose(context.ApplicationServices.GetRequiredService<OperatorTokens>()));
            return invocation => filter.InvokeAsync(invocation, next);
        });
}
