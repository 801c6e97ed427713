using System.Diagnostics;
using Realtime.Hosting.Http;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Api;

/// <summary>
/// Puts the tenant on logs and trace, and answers what no handler can mend: 503 while the control database fails, 500 with the name of
/// the variable when a key is missing.
/// </summary>
internal sealed partial class TenantRequestFilter(ILogger<TenantRequestFilter> logger) : IEndpointFilter
{
    private static readonly MessageResult Unavailable =
        MessageResult.Message(StatusCodes.Status503ServiceUnavailable, "The control database is not available");

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var externalId = context.HttpContext.GetRouteValue("tenant_id") as string;
        Activity.Current?.SetTag("external_id", externalId);
        using var scope = externalId is null
            ? null
            : logger.BeginScope(new Dictionary<string, object> { ["external_id"] = externalId, ["project"] = externalId });
        try
        {
            return await next(context);
        }
        catch (SecretUnreadableException e)
        {
            Log.NoKey(logger, e.Message);
            return MessageResult.Message(StatusCodes.Status500InternalServerError, e.Message);
        }
        catch (Exception e) when (ControlDatabaseFailure.IsFailure(e))
        {
            Log.Unavailable(logger, e);
            return Unavailable;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The control database failed during a request.")]
        public static partial void Unavailable(ILogger logger, Exception exception);

        [LoggerMessage(2, LogLevel.Error, "A tenant could not be written: {Reason}.")]
        public static partial void NoKey(ILogger logger, string reason);
    }
}
