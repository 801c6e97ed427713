using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using Dapr.Client;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>Calls the internal routes of another service through the sidecar.</summary>
/// <remarks>Everything that keeps the answer from coming is an <see cref="HttpRequestException"/>, but the caller's own cancellation.</remarks>
internal sealed class InvokedApp(string appId, DaprSettings settings, TimeProvider time) : IDisposable
{
    private readonly HttpClient _client = Create(appId, settings);

    /// <summary>Sends one request and reads a JSON answer.</summary>
    /// <returns>Null for status 404.</returns>
    /// <exception cref="HttpRequestException">Sidecar or service not reachable, another status than 200, no JSON of that type, or no answer in time.</exception>
    public async Task<T?> SendAsync<T>(
        HttpRequestMessage request, JsonTypeInfo<T> answer, TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var due = new CancellationTokenSource(deadline, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (response.StatusCode == System.Net.HttpStatusCode.NotFound)
            {
                return default;
            }

            // Also the sidecar's own answers, 500 for a service that is not there.
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync(answer, limit.Token)
                ?? throw new HttpRequestException($"{appId} answered null");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"{appId} gave no answer within {deadline.TotalSeconds} s");
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or NotSupportedException or IOException)
        {
            throw new HttpRequestException($"{appId} gave an answer that cannot be read", exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static HttpClient Create(string appId, DaprSettings settings)
    {
        var client = DaprClient.CreateInvokeHttpClient(appId, settings.HttpEndpoint.ToString().TrimEnd('/'), settings.ApiToken);
        client.Timeout = Timeout.InfiniteTimeSpan; // each call has its own deadline
        return client;
    }
}
