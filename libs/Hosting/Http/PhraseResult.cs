using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Answers with the reason phrase of a status (http-api.md 1.8).</summary>
public sealed class PhraseResult(int status) : IResult, IStatusCodeHttpResult
{
    /// <inheritdoc/>
    public int? StatusCode => status;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext) => ReasonPhrase.WriteAsync(httpContext, status);
}
