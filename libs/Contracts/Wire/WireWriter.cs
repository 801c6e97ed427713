using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Realtime.Contracts.Wire;

/// <summary>Writes values one after the other in the compact form that <see cref="WireReader"/> reads. Not thread-safe.</summary>
public sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _output;

    /// <summary>Creates an empty one.</summary>
    /// <param name="capacity">Expected length in bytes.</param>
    public WireWriter(int capacity = 256) => _output = new ArrayBufferWriter<byte>(capacity);

    /// <summary>What was written; valid until the next call.</summary>
    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    /// <summary>Bytes written so far.</summary>
    public int Length => _output.WrittenCount;

    /// <summary>Forgets everything and keeps the buffer.</summary>
    public void Clear() => _output.ResetWrittenCount();

    /// <summary>One byte.</summary>
    public void WriteByte(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }

    /// <summary>One byte, 1 or 0.</summary>
    public void WriteFlag(bool value) => WriteByte(value ? (byte)1 : (byte)0);

    /// <summary>A whole number in 7-bit groups, lowest first: 1 to 10 bytes.</summary>
    public void WriteNumber(ulong value)
    {
        var span = _output.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        _output.Advance(length);
    }

    /// <summary>A number that may be negative but mostly is small.</summary>
    public void WriteSigned(long value) => WriteNumber((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Eight bytes, highest first.</summary>
    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }

    /// <summary>Sixteen bytes.</summary>
    public void WriteGuid(Guid value)
    {
        value.TryWriteBytes(_output.GetSpan(16), bigEndian: true, out var written);
        _output.Advance(written);
    }

    /// <summary>Length and content.</summary>
    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteNumber((ulong)value.Length);
        _output.Write(value);
    }

    /// <summary>Content alone: something written before.</summary>
    public void WriteRaw(ReadOnlySpan<byte> value) => _output.Write(value);

    /// <summary>Length and UTF-8 bytes.</summary>
    public void WriteText(string value)
    {
        WriteNumber((ulong)Encoding.UTF8.GetByteCount(value));
        Encoding.UTF8.GetBytes(value, _output);
    }

    /// <summary>A flag, and the text if there is one.</summary>
    public void WriteOptionalText(string? value)
    {
        WriteFlag(value is not null);
        if (value is not null)
        {
            WriteText(value);
        }
    }
}
