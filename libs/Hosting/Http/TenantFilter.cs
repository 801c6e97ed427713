using System.Globalization;
using Microsoft.AspNetCore.Http;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;

namespace Realtime.Hosting.Http;

/// <summary>Finds the tenant a request means, else 401, and counts the request against its rate, else 429 (http-api.md sections 2 and 4).</summary>
internal sealed class TenantFilter(TenantResolver resolver, TenantCatalog tenants, TenantRateBook rates) : IEndpointFilter
{
    private static readonly MessageResult NotFound = MessageResult.Message(StatusCodes.Status401Unauthorized, "Tenant not found in database");
    private static readonly MessageResult TooMany = MessageResult.Message(StatusCodes.Status429TooManyRequests, "Too many requests");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (resolver.Resolve(http.Request) is not { } id || await tenants.FindAsync(id, http.RequestAborted) is not { } tenant)
        {
            return NotFound;
        }

        var request = new TenantRequest(tenant, rates.For(tenant.Config));
        http.Features.Set(request);
        return IsWithinRate(http.Response, request) ? await next(context) : TooMany;
    }

    private static bool IsWithinRate(HttpResponse response, TenantRequest request)
    {
        request.Rates.HttpRequests.Add(1);
        var average = (long)request.Rates.HttpRequests.AveragePerSecond;
        var limit = request.Tenant.Config.Limits.MaxEventsPerSecond;
        response.Headers["x-rate-rolling"] = average.ToString(CultureInfo.InvariantCulture);
        response.Headers["x-rate-limit"] = limit.ToString(CultureInfo.InvariantCulture);
        response.Headers["x-rate-limit-remaining"] = (limit - average).ToString(CultureInfo.InvariantCulture);
        return average < limit;
    }
}
