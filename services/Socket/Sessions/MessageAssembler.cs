using System.Buffers;
using Realtime.Protocol.WebSockets;

namespace Realtime.Socket.Sessions;

/// <summary>Puts the fragments of one message together (RFC 6455 section 5.4). Holds memory only between first and last fragment.</summary>
internal sealed class MessageAssembler(int maxMessageBytes)
{
    private byte[] _buffer = [];
    private int _length;
    private bool _isOpen;
    private bool _isBinary;

    /// <summary>Takes the payload of a data frame that is not a whole message.</summary>
    /// <returns>0, or the close code for a fragment that breaks the rules.</returns>
    public ushort Append(WebSocketOpcode opcode, ReadOnlySpan<byte> payload)
    {
        if (_isOpen != (opcode == WebSocketOpcode.Continuation))
        {
            return CloseCode.ProtocolError;
        }

        if (payload.Length > maxMessageBytes - _length)
        {
            return CloseCode.MessageTooBig;
        }

        if (!_isOpen)
        {
            (_isOpen, _isBinary) = (true, opcode == WebSocketOpcode.Binary);
        }

        if (_buffer.Length < _length + payload.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + payload.Length, _length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ReturnBuffer();
            _buffer = larger;
        }

        payload.CopyTo(_buffer.AsSpan(_length));
        _length += payload.Length;
        return 0;
    }

    /// <summary>Whether a fragmented message has begun and not ended.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>The message after its last fragment; valid until <see cref="Reset"/>.</summary>
    public ReadOnlySpan<byte> Message => _buffer.AsSpan(0, _length);

    /// <summary>Whether the message began with a binary frame.</summary>
    public bool IsBinary => _isBinary;

    /// <summary>Gives the memory back.</summary>
    public void Reset()
    {
        ReturnBuffer();
        (_buffer, _length, _isOpen) = ([], 0, false);
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
