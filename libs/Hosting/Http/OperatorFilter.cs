using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Realtime.Hosting.Http;

/// <summary>Lets only operators pass, else 403 with an empty body (http-api.md 3.2 and 3.3).</summary>
/// <param name="accepts">Decides by all values of the header <c>Authorization</c>.</param>
internal sealed class OperatorFilter(Func<StringValues, bool> accepts) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        accepts(context.HttpContext.Request.Headers.Authorization)
            ? next(context)
            : ValueTask.FromResult<object?>(EmptyResult.Forbidden);
}
