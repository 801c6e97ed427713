using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Realtime.Hosting.Http;

/// <summary>Lifts the least data rates from requests that want to become WebSockets: a quiet client is no slow client.</summary>
internal static class UpgradedConnections
{
    public static Task Invoke(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
        {
            if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } request)
            {
                request.MinDataRate = null;
            }

            if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } response)
            {
                response.MinDataRate = null;
            }
        }

        return next(context);
    }
}
