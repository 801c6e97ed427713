using System.Net;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace Realtime.Gateway.Routing;

/// <summary>Which path goes where (http-api.md section 16). What is not here is not public: metrics, pages and internal routes.</summary>
internal static class GatewayRoutes
{
    public const string PublicPrefix = "/realtime/v1";

    private const string Sockets = "sockets";
    private const string Broadcasts = "broadcasts";
    private const string TenantAdmins = "tenant-admins";

    public static IReadOnlyList<RouteConfig> Routes { get; } =
    [
        Route("websocket", Sockets, "/socket/{**rest}"),
        Route("public-websocket", Sockets, $"{PublicPrefix}/websocket", ("PathSet", "/socket/websocket")),
        Route("public-longpoll", Sockets, $"{PublicPrefix}/longpoll", ("PathSet", "/socket/longpoll")),
        Route("broadcast", Broadcasts, "/api/broadcast/{**rest}"),
        Route("public-broadcast", Broadcasts, $"{PublicPrefix}/api/broadcast/{{**rest}}", ("PathRemovePrefix", PublicPrefix)),
        Route("ping", Broadcasts, "/api/ping"),
        Route("public-ping", Broadcasts, $"{PublicPrefix}/api/ping", ("PathRemovePrefix", PublicPrefix)),
        Route("tenants", TenantAdmins, "/api/tenants/{**rest}"),
    ];

    public static IReadOnlyList<ClusterConfig> Clusters(GatewaySettings settings) =>
    [
        Cluster(Sockets, settings.Sockets, TenantAffinity.PolicyName),
        Cluster(Broadcasts, settings.Broadcasts, "PowerOfTwoChoices"),
        Cluster(TenantAdmins, settings.TenantAdmins, "PowerOfTwoChoices"),
    ];

    private static RouteConfig Route(string name, string cluster, string path, params (string Name, string Value)[] transforms) => new()
    {
        RouteId = name,
        ClusterId = cluster,
        Match = new RouteMatch { Path = path },
        Transforms = [.. transforms.Select(transform => new Dictionary<string, string> { [transform.Name] = transform.Value })],
    };

    private static ClusterConfig Cluster(string name, IReadOnlyList<Uri> addresses, string balancing) => new()
    {
        ClusterId = name,
        LoadBalancingPolicy = balancing,
        Destinations = addresses.ToDictionary(address => address.Authority, address => new DestinationConfig { Address = address.ToString() }),
        HttpRequest = new ForwarderRequestConfig
        {
            Version = HttpVersion.Version11,
            ActivityTimeout = TimeSpan.FromSeconds(100), // of silence; clients send a heartbeat every 25 to 30 s
        },
        HealthCheck = new HealthCheckConfig
        {
            AvailableDestinationsPolicy = "HealthyOrPanic", // with all of them unwell, any is better than none
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Interval = TimeSpan.FromSeconds(5),
                Timeout = TimeSpan.FromSeconds(2),
                Policy = "ConsecutiveFailures",
                Path = "/readyz",
            },
        },
    };
}
