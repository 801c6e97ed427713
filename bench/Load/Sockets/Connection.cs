using System.Net.Sockets;

namespace Realtime.Load.Sockets;

/// <summary>Where a connection is in its life.</summary>
internal enum ConnectionState
{
    Connecting,
    Upgrading,
    Joining,
    Joined,
    Closing,
    Ended,
}

/// <summary>One client. Holds no buffer unless a frame arrived or left in parts.</summary>
internal sealed class Connection(int number, int topic, Socket socket, long startedAt)
{
    private byte[] _unread = [];
    private int _unreadLength;
    private byte[] _unsent = [];
    private int _unsentLength;

    /// <summary>Place in the fleet, from 0.</summary>
    public int Number { get; } = number;

    /// <summary>Number of its topic, from 0.</summary>
    public int Topic { get; } = topic;

    /// <summary>Owned by the connection.</summary>
    public Socket Socket { get; } = socket;

    /// <summary>File descriptor of <see cref="Socket"/>.</summary>
    public int Descriptor { get; } = (int)socket.Handle;

    /// <summary>Stopwatch ticks at which it began to connect.</summary>
    public long StartedAt { get; } = startedAt;

    /// <summary>Where it is in its life.</summary>
    public ConnectionState State { get; set; } = ConnectionState.Connecting;

    /// <summary>Whether it ever became a member of its topic.</summary>
    public bool HasJoined { get; set; }

    /// <summary>Whether bytes wait until the socket is writable again.</summary>
    public bool HasUnsent => _unsentLength > 0;

    /// <summary>Bytes that wait until the socket is writable again.</summary>
    public ReadOnlySpan<byte> Unsent => _unsent.AsSpan(0, _unsentLength);

    /// <summary>Moves the beginning of an incomplete frame back to the start of the shared buffer.</summary>
    /// <returns>Its length.</returns>
    public int RestoreUnread(Span<byte> buffer)
    {
        _unread.AsSpan(0, _unreadLength).CopyTo(buffer);
        var length = _unreadLength;
        _unreadLength = 0;
        return length;
    }

    /// <summary>Keeps the beginning of an incomplete frame until more of it arrives.</summary>
    public void KeepUnread(ReadOnlySpan<byte> rest)
    {
        if (rest.Length > _unread.Length)
        {
            _unread = new byte[Math.Max(256, rest.Length * 2)];
        }

        rest.CopyTo(_unread);
        _unreadLength = rest.Length;
    }

    /// <summary>Keeps bytes until the socket is writable again.</summary>
    public void KeepUnsent(ReadOnlySpan<byte> rest)
    {
        if (_unsentLength + rest.Length > _unsent.Length)
        {
            Array.Resize(ref _unsent, (_unsentLength + rest.Length) * 2);
        }

        rest.CopyTo(_unsent.AsSpan(_unsentLength));
        _unsentLength += rest.Length;
    }

    /// <summary>Forgets the first of the kept bytes, because they were sent.</summary>
    public void RemoveUnsent(int count)
    {
        _unsent.AsSpan(count, _unsentLength - count).CopyTo(_unsent);
        _unsentLength -= count;
    }
}
