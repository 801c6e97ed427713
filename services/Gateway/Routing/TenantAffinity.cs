using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Realtime.Hosting.Tenants;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Realtime.Gateway.Routing;

/// <summary>Sends all connections of a tenant to the same instance, so that its broadcasts need not travel between nodes.</summary>
/// <remarks>
/// Rendezvous hashing with bounded load: every instance has a score for the tenant, and the connection goes to the highest of those
/// that have at most a quarter more connections than the average. An instance that comes or goes moves only its own tenants.
/// </remarks>
internal sealed class TenantAffinity(TenantResolver tenants) : ILoadBalancingPolicy
{
    public const string PolicyName = "TenantAffinity";

    /// <summary>Connections that every instance takes whatever the average is.</summary>
    public const int MinCapacity = 100;

    private const double Allowance = 1.25;

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(availableDestinations);
        var tenant = tenants.Resolve(context.Request)?.Value ?? "";
        var open = availableDestinations.Sum(destination => (long)destination.ConcurrentRequestCount);
        var capacity = Math.Max(MinCapacity, (long)Math.Ceiling(Allowance * (open + 1) / Math.Max(1, availableDestinations.Count)));
        return availableDestinations
            .Where(destination => destination.ConcurrentRequestCount < capacity)
            .MaxBy(destination => Score(tenant, destination.DestinationId));
    }

    /// <summary>The same on every gateway, at every start.</summary>
    public static ulong Score(string tenant, string destination) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{destination} {tenant}")));
}
