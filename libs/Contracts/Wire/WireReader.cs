using System.Buffers.Binary;
using System.Text;

namespace Realtime.Contracts.Wire;

/// <summary>Reads what <see cref="WireWriter"/> wrote. Any bytes may come: reading never throws and never allocates more than they hold.</summary>
/// <remarks>
/// After the first value that is not there, <see cref="Failed"/> is set and everything reads as zero or empty: callers read a whole
/// message and look once. Byte values are slices of the input.
/// </remarks>
public struct WireReader(ReadOnlyMemory<byte> input)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlyMemory<byte> _rest = input;

    /// <summary>Something was missing or malformed.</summary>
    public bool Failed { get; private set; }

    /// <summary>Nothing is left, or reading failed.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Read to the last byte without a failure.</summary>
    public readonly bool Succeeded => !Failed && _rest.IsEmpty;

    /// <summary>Declares the input malformed for a reason only the caller can see.</summary>
    public void Fail()
    {
        Failed = true;
        _rest = default;
    }

    /// <summary>One byte.</summary>
    public byte ReadByte() => Take(1) is { Length: 1 } taken ? taken.Span[0] : (byte)0;

    /// <summary>One byte that is 0 or 1.</summary>
    public bool ReadFlag()
    {
        var value = ReadByte();
        if (value > 1)
        {
            Fail();
        }

        return value == 1;
    }

    /// <summary>A whole number in 7-bit groups.</summary>
    public ulong ReadNumber()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var group = ReadByte();
            if (shift == 63 && group > 1)
            {
                break; // more than 64 bits
            }

            value |= (ulong)(group & 0x7F) << shift;
            if (group < 0x80)
            {
                return Failed ? 0 : value;
            }
        }

        Fail();
        return 0;
    }

    /// <summary>A number that may be negative.</summary>
    public long ReadSigned()
    {
        var value = ReadNumber();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number of 32 bits that may be negative.</summary>
    public int ReadInt32()
    {
        var value = ReadSigned();
        if (value is < int.MinValue or > int.MaxValue)
        {
            Fail();
            return 0;
        }

        return (int)value;
    }

    /// <summary>How many elements follow, of which each takes at least <paramref name="minBytes"/>.</summary>
    public int ReadCount(int minBytes)
    {
        var count = ReadNumber();
        if (count > (ulong)(_rest.Length / minBytes))
        {
            Fail();
            return 0;
        }

        return (int)count;
    }

    /// <summary>Eight bytes, highest first.</summary>
    public long ReadInt64() => Take(8) is { Length: 8 } taken ? BinaryPrimitives.ReadInt64BigEndian(taken.Span) : 0;

    /// <summary>Sixteen bytes.</summary>
    public Guid ReadGuid() => Take(16) is { Length: 16 } taken ? new Guid(taken.Span, bigEndian: true) : Guid.Empty;

    /// <summary>Length and content.</summary>
    public ReadOnlyMemory<byte> ReadBytes() => Take(ReadNumber());

    /// <summary>Length and content that must be UTF-8.</summary>
    public ReadOnlyMemory<byte> ReadUtf8()
    {
        var bytes = ReadBytes();
        if (!System.Text.Unicode.Utf8.IsValid(bytes.Span))
        {
            Fail();
            return default;
        }

        return bytes;
    }

    /// <summary>A text.</summary>
    public string ReadText() => Strict.GetString(ReadUtf8().Span);

    /// <summary>A text or null.</summary>
    public string? ReadOptionalText() => ReadFlag() ? ReadText() : null;

    private ReadOnlyMemory<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            Fail();
            return default;
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }
}
