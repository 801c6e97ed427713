namespace Realtime.Contracts.Channels;

/// <summary>One row of <c>realtime.messages</c>.</summary>
/// <param name="Id">Its id, the <c>meta.id</c> of the message: a UUID in lower case with hyphens.</param>
/// <param name="Event">User event; null is delivered as JSON null.</param>
/// <param name="Payload">Compact JSON in UTF-8 (<c>null</c> for a row without a payload), or any bytes.</param>
/// <param name="IsBinary">Whether <paramref name="Payload"/> are opaque bytes, which only protocol version 2 can express.</param>
public sealed record StoredBroadcast(string Id, string? Event, ReadOnlyMemory<byte> Payload, bool IsBinary)
{
    /// <summary>Never shows the payload.</summary>
    public override string ToString() => $"{(IsBinary ? "binary" : "JSON")} broadcast {Id}";
}
