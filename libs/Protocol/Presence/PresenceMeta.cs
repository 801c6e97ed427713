using System.Buffers;

namespace Realtime.Protocol.Presence;

/// <summary>One value tracked by one channel. Never changes: tracking again makes a new one.</summary>
/// <param name="Key">Presence key; several channels may use the same.</param>
/// <param name="Payload">What the client tracks.</param>
/// <param name="Ref">Names this value.</param>
/// <param name="PreviousRef">The value that this one replaced; null for a first one.</param>
public sealed record PresenceMeta(string Key, PresencePayload Payload, PresenceRef Ref, PresenceRef? PreviousRef = null)
{
    /// <summary>The value that replaces this one.</summary>
    public PresenceMeta ReplacedBy(PresencePayload payload) => new(Key, payload, PresenceRef.New(), Ref);

    /// <summary>Writes <c>{…members…,"phx_ref":"…","phx_ref_prev":"…"}</c>.</summary>
    internal void WriteTo(IBufferWriter<byte> output)
    {
        output.Write("{"u8);
        if (!Payload.Members.IsEmpty)
        {
            output.Write(Payload.Members.Span);
            output.Write(","u8);
        }

        output.Write("\"phx_ref\":\""u8);
        WriteRef(output, Ref);
        if (PreviousRef is { } previous)
        {
            output.Write("\",\"phx_ref_prev\":\""u8);
            WriteRef(output, previous);
        }

        output.Write("\"}"u8);
    }

    private static void WriteRef(IBufferWriter<byte> output, PresenceRef reference)
    {
        reference.WriteTo(output.GetSpan(PresenceRef.TextLength));
        output.Advance(PresenceRef.TextLength);
    }
}
