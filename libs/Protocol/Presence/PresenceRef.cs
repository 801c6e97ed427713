using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Realtime.Protocol.Presence;

/// <summary>Names one tracked value for ever: <c>phx_ref</c>, 16 characters of URL-safe base64 (protocol.md 6.5).</summary>
/// <remarks>96 random bits, so that nodes need not agree on who counts.</remarks>
public readonly record struct PresenceRef
{
    /// <summary>Length of the text, in characters and in bytes.</summary>
    public const int TextLength = 16;

    private const int Size = 12;

    private readonly ulong _high;
    private readonly uint _low;

    private PresenceRef(ReadOnlySpan<byte> bytes)
    {
        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
    }

    /// <summary>64 of the bits, for digests.</summary>
    internal ulong Fingerprint => _high;

    /// <summary>A reference that nothing had before.</summary>
    public static PresenceRef New()
    {
        Span<byte> bytes = stackalloc byte[Size];
        RandomNumberGenerator.Fill(bytes);
        return new PresenceRef(bytes);
    }

    /// <summary>Reads the text form.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out PresenceRef reference)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var isValid = text.Length == TextLength
            && Base64Url.DecodeFromUtf8(text, bytes, out _, out var written) == OperationStatus.Done && written == Size;
        reference = isValid ? new PresenceRef(bytes) : default;
        return isValid;
    }

    /// <summary>Writes <see cref="TextLength"/> ASCII characters.</summary>
    public void WriteTo(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], _low);
        Base64Url.EncodeToUtf8(bytes, destination);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextLength];
        WriteTo(text);
        return Encoding.ASCII.GetString(text);
    }
}
