using System.Text.Json;

namespace Realtime.Load.Wire;

/// <summary>What both versions of the Realtime protocol share when a client connects and joins.</summary>
internal static class RealtimeTarget
{
    /// <summary>A public channel whose own broadcasts come back, so that every client of a topic counts as a receiver.</summary>
    public const string JoinPayload =
        """{"config":{"private":false,"broadcast":{"self":true,"ack":false},"presence":{"key":"","enabled":false},"postgres_changes":[]}}""";

    /// <summary>Path and query of the handshake; the path given ends with <c>/socket</c>.</summary>
    public static string Create(string path, string token, string version) =>
        $"{path.TrimEnd('/')}/websocket?apikey={Uri.EscapeDataString(token)}&vsn={version}";

    /// <summary>The topic as it is on the wire.</summary>
    public static string FullTopic(string topic) => $"realtime:{topic}";

    /// <summary>The topic as a JSON string.</summary>
    public static string QuotedTopic(string topic) => $"\"{JsonEncodedText.Encode(FullTopic(topic))}\"";
}
