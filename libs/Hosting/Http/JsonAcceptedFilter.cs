using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Lets only requests pass that take JSON, else 406 (http-api.md 1.7). Errors after it are JSON.</summary>
internal sealed class JsonAcceptedFilter : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (!IsAccepted(context.HttpContext.Request))
        {
            return ValueTask.FromResult<object?>(new PhraseResult(StatusCodes.Status406NotAcceptable));
        }

        context.HttpContext.Features.Set(JsonAccepted.Instance);
        return next(context);
    }

    private static bool IsAccepted(HttpRequest request)
    {
        if (request.Query.TryGetValue("_format", out var format))
        {
            return format == "json";
        }

        var accept = AcceptHeader.Read(request);
        return accept.IsAbsent || accept.HasJson || accept.HasAny;
    }
}

/// <summary>Marks a request whose route settled on JSON.</summary>
internal sealed class JsonAccepted
{
    public static readonly JsonAccepted Instance = new();
}
