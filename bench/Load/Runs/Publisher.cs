using System.Diagnostics;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>One client that publishes on its topic, at a rate or as fast as its window allows.</summary>
internal sealed class Publisher
{
    private const int BatchBytes = 64 * 1024;

    private readonly Fleet _fleet;
    private readonly PublishMessage _message;
    private readonly PublishWindow? _window;
    private readonly int _refillAt;
    private readonly long _interval;
    private readonly byte[] _batch;
    private long _due;
    private long _published;

    public Publisher(Fleet fleet, Connection connection, int ordinal, PublishMessage message, PublishWindow? window, int windowSize, double rate)
    {
        (_fleet, Connection, Ordinal, _message, _window) = (fleet, connection, ordinal, message, window);
        _refillAt = Math.Max(1, windowSize / 4); // Frames that leave together cost the client one call, not one each.
        _interval = rate > 0 ? (long)(Stopwatch.Frequency / rate) : 0;
        _batch = new byte[Math.Max(BatchBytes, message.Bytes.Length + ClientFrame.MaxHeaderLength)];
    }

    /// <summary>The client that sends.</summary>
    public Connection Connection { get; }

    /// <summary>Number of the publisher within its topic, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>Messages sent so far.</summary>
    public long Published => _published;

    /// <summary>Bound of what is under way; null at a fixed rate.</summary>
    public PublishWindow? Window => _window;

    /// <summary>The longest that a message was sent after its time, in ticks.</summary>
    public long LatestSend { get; set; }

    /// <summary>Whether it can send now or later.</summary>
    public bool IsMember => Connection.State == ConnectionState.Joined;

    /// <summary>Ticks until the next message is due; <see cref="long.MaxValue"/> when something else has to happen first.</summary>
    public long UntilDue(long now) => _interval == 0 || !IsMember || Connection.HasUnsent ? long.MaxValue : Math.Max(0, _due - now);

    /// <summary>Begins the schedule of a fixed rate.</summary>
    public void Start(long firstDue) => _due = firstDue;

    /// <summary>Sends what may or must be sent now.</summary>
    public void Publish(long now)
    {
        if (!IsMember || Connection.HasUnsent || (_window is { } window && window.Room < _refillAt))
        {
            return;
        }

        var length = 0;
        while (_batch.Length - length >= _message.Bytes.Length + ClientFrame.MaxHeaderLength && Next(now))
        {
            new Stamp(Ordinal, _published++, Stopwatch.GetTimestamp()).WriteTo(_message.Bytes.AsSpan(_message.PayloadOffset));
            length += ClientFrame.Write(_batch.AsSpan(length), _message.Opcode, _message.Bytes, Fleet.NextMask());
        }

        if (length > 0)
        {
            _fleet.Send(Connection, _batch.AsSpan(0, length));
        }
    }

    private bool Next(long now)
    {
        if (_window is not null)
        {
            if (_window.Room == 0)
            {
                return false;
            }

            _window.Publish();
            return true;
        }

        if (_due > now)
        {
            return false;
        }

        LatestSend = Math.Max(LatestSend, now - _due);
        _due += _interval;
        return true;
    }
}
