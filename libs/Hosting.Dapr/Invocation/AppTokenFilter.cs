using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>Lets only this application's sidecar pass, else 401: it shows the token that both were started with.</summary>
/// <remarks>Without <c>APP_API_TOKEN</c> everybody passes who can reach the port.</remarks>
internal sealed class AppTokenFilter(DaprSettings settings) : IEndpointFilter
{
    public const string Header = "dapr-api-token";

    private readonly byte[]? _expected = settings.AppApiToken is { } token ? Encoding.UTF8.GetBytes(token) : null;

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Accepts(context.HttpContext.Request.Headers[Header].ToString()) ? next(context) : ValueTask.FromResult<object?>(Results.Unauthorized());

    private bool Accepts(string shown) =>
        _expected is null || CryptographicOperations.FixedTimeEquals(_expected, Encoding.UTF8.GetBytes(shown));
}
