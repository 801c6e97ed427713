using System.Buffers;

namespace Realtime.Protocol.Presence;

/// <summary>A change of who is present (protocol.md 6.4). A value that replaces another is among the joins, the other among the leaves.</summary>
/// <remarks>
/// Receivers first apply the joins, then the leaves, each by <see cref="PresenceMeta.Ref"/>. No reference is in both lists.
/// </remarks>
/// <param name="Joins">Values that are there now.</param>
/// <param name="Leaves">Values that are gone.</param>
public sealed record PresenceDiff(IReadOnlyList<PresenceMeta> Joins, IReadOnlyList<PresenceMeta> Leaves)
{
    /// <summary>Nothing changed.</summary>
    public static readonly PresenceDiff Empty = new([], []);

    /// <summary>Whether nothing changed.</summary>
    public bool IsEmpty => Joins.Count == 0 && Leaves.Count == 0;

    /// <summary>Somebody came.</summary>
    public static PresenceDiff Joined(PresenceMeta meta) => new([meta], []);

    /// <summary>Somebody went.</summary>
    public static PresenceDiff Left(PresenceMeta meta) => new([], [meta]);

    /// <summary>The payload of a <c>presence_diff</c>: <c>{"joins":{…},"leaves":{…}}</c>.</summary>
    public byte[] ToJson()
    {
        var output = new ArrayBufferWriter<byte>(256);
        output.Write("{\"joins\":"u8);
        PresenceJson.WriteByKey(output, Joins);
        output.Write(",\"leaves\":"u8);
        PresenceJson.WriteByKey(output, Leaves);
        output.Write("}"u8);
        return output.WrittenSpan.ToArray();
    }
}
