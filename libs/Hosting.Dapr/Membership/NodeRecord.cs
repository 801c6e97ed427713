using System.Text.Json;
using System.Text.Json.Serialization;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>What the state store keeps of one process, under the key of its slot.</summary>
/// <remarks>The store forgets it when it is not renewed within the lease.</remarks>
internal sealed record NodeRecord
{
    /// <summary>The process.</summary>
    public required Guid Process { get; init; }

    /// <summary>Which service it is, for people.</summary>
    public string Service { get; init; } = "";

    /// <summary>Grows with every change of <see cref="Users"/>.</summary>
    public long Revision { get; init; }

    /// <summary>Its inbox is open: send to it.</summary>
    public bool IsReady { get; init; }

    /// <summary>Tenant → users; only those that have some.</summary>
    public Dictionary<string, int> Users { get; init; } = [];

    /// <summary>Key of a slot.</summary>
    public static string KeyOf(int slot) => $"node-{slot}";

    /// <summary>Reads stored bytes; anything else than a record is null.</summary>
    public static NodeRecord? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return json.IsEmpty ? null : JsonSerializer.Deserialize(json, NodeRecordJson.Default.NodeRecord) is { Users: not null } record ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The bytes to store.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, NodeRecordJson.Default.NodeRecord);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NodeRecord))]
internal sealed partial class NodeRecordJson : JsonSerializerContext;

/// <summary>A slot as it was found.</summary>
/// <param name="Slot">Its number.</param>
/// <param name="Etag">Version to renew it by.</param>
/// <param name="Record">Its content; null when it is none that we understand.</param>
internal readonly record struct StoredNode(int Slot, string Etag, NodeRecord? Record);
