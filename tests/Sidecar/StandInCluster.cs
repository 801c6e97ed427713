using System.Collections.Concurrent;

namespace Realtime.Sidecar;

/// <summary>What the sidecars of a test share: the broker, the state store, and who can be invoked.</summary>
/// <param name="pubSub">Name of the only pub/sub component.</param>
/// <param name="stateStore">Name of the only state store.</param>
/// <param name="time">The clock of broker and store.</param>
public sealed class StandInCluster(string pubSub, string stateStore, TimeProvider time)
{
    /// <summary>Name of the only pub/sub component.</summary>
    public string PubSub => pubSub;

    /// <summary>Name of the only state store.</summary>
    public string StateStore => stateStore;

    /// <summary>Behind the pub/sub component.</summary>
    public StandInBroker Broker { get; } = new(time);

    /// <summary>Behind the state store component.</summary>
    public StandInStates States { get; } = new(time);

    /// <summary>App-id → address of the application, for service invocation.</summary>
    public ConcurrentDictionary<string, Uri> Apps { get; } = new();

    /// <summary>What sidecars show to applications as <c>dapr-api-token</c>; null for nothing.</summary>
    public string? AppApiToken { get; set; }
}
