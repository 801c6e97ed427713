using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Answers with a status, no body, no <c>content-type</c> and <c>content-length: 0</c> (http-api.md section 0, E-EMPTY).</summary>
public sealed class EmptyResult : IResult, IStatusCodeHttpResult
{
    /// <summary>403.</summary>
    public static readonly EmptyResult Forbidden = new(StatusCodes.Status403Forbidden);

    /// <summary>202.</summary>
    public static readonly EmptyResult Accepted = new(StatusCodes.Status202Accepted);

    private EmptyResult(int status) => StatusCode = status;

    /// <inheritdoc/>
    public int? StatusCode { get; }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        httpContext.Response.StatusCode = StatusCode!.Value;
        httpContext.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
