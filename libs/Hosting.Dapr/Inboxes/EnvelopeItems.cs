using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Contracts.Wire;
using Realtime.Hosting.Dapr.Membership;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Writes and reads single items of an envelope.</summary>
internal static class EnvelopeItems
{
    /// <summary>The process has an open inbox now.</summary>
    public static byte[] Hello { get; } = Pack(EnvelopeItem.Hello, new WireWriter());

    /// <summary>The process ends.</summary>
    public static byte[] Goodbye { get; } = Pack(EnvelopeItem.Goodbye, new WireWriter());

    /// <returns>Null for a message of a type that has no bytes.</returns>
    public static byte[]? TryWrite(NodeMessage message)
    {
        var content = new WireWriter();
        return NodeMessageCodec.TryWrite(content, message) ? Pack(EnvelopeItem.Message, content) : null;
    }

    public static byte[] Write(HostingChange change)
    {
        var content = new WireWriter();
        content.WriteSigned(change.Revision);
        content.WriteText(change.Tenant.Value);
        content.WriteSigned(change.Users);
        return Pack(EnvelopeItem.Hosting, content);
    }

    public static bool TryRead(ReadOnlyMemory<byte> content, out HostingChange change)
    {
        var reader = new WireReader(content);
        change = new HostingChange(reader.ReadSigned(), new TenantId(reader.ReadText()), reader.ReadInt32());
        return reader.Succeeded;
    }

    private static byte[] Pack(EnvelopeItem kind, WireWriter content)
    {
        var item = new WireWriter(content.Length + 8);
        item.WriteByte((byte)kind);
        item.WriteBytes(content.Written);
        return item.Written.ToArray();
    }
}
