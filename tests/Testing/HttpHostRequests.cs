using Xunit;

namespace Realtime.Testing;

/// <summary>Short requests and answers.</summary>
public static class HttpHostRequests
{
    /// <summary>Sends a request to a tenant.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this HttpHost host, string path, string tenant = "acme", HttpMethod? method = null, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path) { Content = content };
        request.Headers.Host = $"{tenant}.localhost";
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The whole body.</summary>
    public static Task<string> TextAsync(this HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    /// <summary>A header as it was sent, several joined by <c>|</c>; null when absent.</summary>
    public static string? Header(this HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? string.Join('|', values)
            : null;
}
