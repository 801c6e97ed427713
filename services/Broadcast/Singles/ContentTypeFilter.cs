using Realtime.Broadcast.Delivery;
using Realtime.Hosting.Http;

namespace Realtime.Broadcast.Singles;

/// <summary>Lets JSON, bytes and requests without a content type pass, else 415 (http-api.md 8.2).</summary>
internal sealed class ContentTypeFilter : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsSupported(context.HttpContext.Request.ContentType)
            ? next(context)
            : ValueTask.FromResult<object?>(Refusals.UnsupportedMediaType);

    private static bool IsSupported(string? contentType) =>
        string.IsNullOrEmpty(contentType)
        || MediaType.Of(contentType).Equals("application/json", StringComparison.OrdinalIgnoreCase)
        || MediaType.Of(contentType).Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase);
}
