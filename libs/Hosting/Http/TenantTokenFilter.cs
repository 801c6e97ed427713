using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Tokens;

namespace Realtime.Hosting.Http;

/// <summary>Lets only requests pass that carry a valid token of the tenant, else 401 (http-api.md 3.4).</summary>
internal sealed partial class TenantTokenFilter(TokenVerifier verifier, ILogger<TenantTokenFilter> logger) : IEndpointFilter
{
    private static readonly MessageResult Unauthorized = MessageResult.Message(StatusCodes.Status401Unauthorized, "Unauthorized");

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = TenantRequest.Of(context.HttpContext);
        if (TokenOf(context.HttpContext.Request) is not { } token)
        {
            return ValueTask.FromResult<object?>(Unauthorized);
        }

        var result = verifier.Verify(token, request.Tenant.Keys, requireRoleAndExp: true);
        if (result.Failure is { } failure)
        {
            if (failure.Kind is TokenFailureKind.NoSigner or TokenFailureKind.NoSignerForKeyId)
            {
                Log.NoSigner(logger, request.Tenant.Config.Id, failure.Message);
            }

            return ValueTask.FromResult<object?>(Unauthorized);
        }

        request.Token = result.Token;
        return next(context);
    }

    // A bearer value wins over apikey even when it is bad. Absent, empty or of another scheme it leaves the word to apikey.
    private static string? TokenOf(HttpRequest request)
    {
        if (request.Headers.Authorization is [{ } authorization, ..] && authorization.AsSpan().Trim() is { IsEmpty: false } value)
        {
            var blank = value.IndexOf(' ');
            if (blank < 0 || value[(blank + 1)..].Contains(' '))
            {
                return null; // Neither a scheme with a token nor nothing: the reference server crashes on it.
            }

            if (value[..blank].Equals("bearer", StringComparison.OrdinalIgnoreCase))
            {
                return value[(blank + 1)..].ToString();
            }
        }

        return request.Headers["apikey"] is [{ Length: > 0 } key, ..] ? key : null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "JwtSignerError: {Tenant}: {Failure}")]
        public static partial void NoSigner(ILogger logger, TenantId tenant, string failure);
    }
}
