using Microsoft.AspNetCore.Http;

namespace Realtime.Sidecar;

/// <summary>Service invocation over HTTP: <c>/v1.0/invoke/{app}/method/{path}</c>.</summary>
internal sealed class Invocations(StandInCluster cluster, string caller) : IDisposable
{
    private readonly HttpClient _client = new();

    public async Task ServeAsync(HttpContext context)
    {
        var segments = context.Request.Path.Value!.Split('/', 6); // "", v1.0, invoke, app, method, path
        if (segments is not [_, "v1.0", "invoke", var app, "method", var path])
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (!cluster.Apps.TryGetValue(app, out var address))
        {
            await RefuseAsync(context, $"failed to invoke, id: {app}, err: failed to resolve address");
            return;
        }

        try
        {
            using var request = RequestTo(new Uri(address, $"/{path}{context.Request.QueryString}"), context, app);
            using var response = await _client.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (HttpRequestException exception)
        {
            await RefuseAsync(context, exception.Message);
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage RequestTo(Uri address, HttpContext context, string app)
    {
        var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), address);
        if (context.Request.ContentType is { } type)
        {
            request.Content = new StreamContent(context.Request.Body);
            request.Content.Headers.TryAddWithoutValidation("content-type", type);
        }

        request.Headers.Add("dapr-caller-app-id", caller);
        request.Headers.Add("dapr-callee-app-id", app);
        if (cluster.AppApiToken is { } token)
        {
            request.Headers.Add("dapr-api-token", token);
        }

        return request;
    }

    private static async Task RefuseAsync(HttpContext context, string message)
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string> { ["errorCode"] = "ERR_DIRECT_INVOKE", ["message"] = message });
    }
}
