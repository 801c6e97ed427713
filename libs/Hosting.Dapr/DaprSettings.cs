using System.Globalization;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Dapr;

/// <summary>Where the sidecar is, and the rhythm of the cluster.</summary>
/// <remarks>The environment names are those that the Dapr runtime sets for an application. Printing one never shows a token.</remarks>
public sealed class DaprSettings
{
    /// <summary><c>DAPR_GRPC_ENDPOINT</c>, else port <c>DAPR_GRPC_PORT</c> (50001) of this machine.</summary>
    public Uri GrpcEndpoint { get; init; } = new("http://127.0.0.1:50001");

    /// <summary><c>DAPR_HTTP_ENDPOINT</c>, else port <c>DAPR_HTTP_PORT</c> (3500) of this machine.</summary>
    public Uri HttpEndpoint { get; init; } = new("http://127.0.0.1:3500");

    /// <summary><c>DAPR_API_TOKEN</c>: what the sidecar wants to see from us; null when it wants nothing.</summary>
    public string? ApiToken { get; init; }

    /// <summary><c>APP_API_TOKEN</c>: what the sidecar shows to us, and anybody who asks for an internal route must; null lets everybody pass.</summary>
    public string? AppApiToken { get; init; }

    /// <summary><c>CLUSTER_SLOTS</c>, ours: most processes in the cluster, of all services together; the same on every node.</summary>
    public int Slots { get; init; } = 32;

    /// <summary>How often the records of the nodes are read and this node's own is renewed.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A node that has not renewed its record for this long is gone. The store counts in whole seconds.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a probe travels through an open inbox.</summary>
    public TimeSpan ProbeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Envelopes that travelled longer are dropped, and nobody tries longer to publish one. Clocks may differ by a part of it.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads the environment; mistakes go to the reader.</summary>
    public static DaprSettings Read(SettingsReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new DaprSettings
        {
            GrpcEndpoint = Endpoint(reader, "DAPR_GRPC_ENDPOINT", "DAPR_GRPC_PORT", 50_001),
            HttpEndpoint = Endpoint(reader, "DAPR_HTTP_ENDPOINT", "DAPR_HTTP_PORT", 3500),
            ApiToken = reader.Text("DAPR_API_TOKEN"),
            AppApiToken = reader.Text("APP_API_TOKEN"),
            Slots = reader.Number("CLUSTER_SLOTS", 32, 1, 512),
        };
    }

    private static Uri Endpoint(SettingsReader reader, string endpoint, string port, int fallback)
    {
        var number = reader.Number(port, fallback, 1, 65_535);
        if (reader.Text(endpoint) is { } text)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                return uri;
            }

            reader.AddError($"env {endpoint} expected a URL such as http://127.0.0.1:{fallback}, got \"{text}\"");
        }

        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{number}"));
    }
}
