namespace Realtime.Hosting.Dapr;

/// <summary>Names that code and component files share; a test compares them.</summary>
public static class DaprNames
{
    /// <summary>Component that carries envelopes between nodes.</summary>
    public const string PubSub = "realtime-pubsub";

    /// <summary>Component that keeps the records of the nodes.</summary>
    public const string StateStore = "realtime-state";

    /// <summary>App-id of the socket service.</summary>
    public const string SocketApp = "socket";

    /// <summary>App-id of the broadcast service.</summary>
    public const string BroadcastApp = "broadcast";

    /// <summary>App-id of the tenant administration.</summary>
    public const string TenantAdminApp = "tenant-admin";

    /// <summary>All app-ids.</summary>
    public static IReadOnlyList<string> Apps { get; } = [SocketApp, BroadcastApp, TenantAdminApp];

    /// <summary>Topic of the inbox in a slot.</summary>
    internal static string InboxTopic(int slot) => $"realtime.inbox.{slot}";
}
