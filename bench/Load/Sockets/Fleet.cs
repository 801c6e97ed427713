using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Realtime.Load.Wire;

namespace Realtime.Load.Sockets;

/// <summary>Many WebSocket clients on one thread: one epoll set, one receive buffer, no allocation per message.</summary>
/// <remarks>
/// The client shares the machine with the server, so it has to be far cheaper: a ready socket costs one <c>recv</c> into the shared buffer,
/// frames are parsed there in place, and only the tail of an incomplete frame is copied to its connection.
/// </remarks>
internal sealed unsafe class Fleet : IDisposable
{
    // A source address has some 28,000 ports; a few thousand may still linger from earlier runs.
    private const int ConnectionsPerSourceAddress = 20_000;
    private const int BindAddressNoPort = 24;
    private const int LevelIp = 0;
    private const int HeartbeatShares = 250;
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(25);

    private readonly Epoll _epoll = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 * 1024, pinned: true);
    private readonly List<Connection> _connections = [];
    private readonly FleetTarget _target;
    private readonly IWire _wire;
    private readonly IFleetObserver _observer;
    private readonly byte[] _address;
    private readonly byte[][] _requests;
    private readonly byte[]?[] _joins;
    private readonly byte[]? _heartbeat;
    private int _nextHeartbeat;
    private long _heartbeatsSentAt = Stopwatch.GetTimestamp();

    public Fleet(FleetTarget target, IWire wire, IFleetObserver observer)
    {
        (_target, _wire, _observer) = (target, wire, observer);
        _address = target.EndPoint.Serialize().Buffer.ToArray();
        _requests = [.. target.Topics.Select(t => Handshake.Request(wire.RequestTarget(t), target.Host))];
        _joins = [.. target.Topics.Select(t => wire.JoinMessage(t) is { } join ? ClientFrame.Create(Opcode.Text, join, NextMask()) : null)];
        _heartbeat = wire.HeartbeatMessage is { } heartbeat ? ClientFrame.Create(Opcode.Text, heartbeat, NextMask()) : null;
    }

    /// <summary>All connections, ended ones included, by number.</summary>
    public IReadOnlyList<Connection> Connections => _connections;

    /// <summary>A masking key for one frame.</summary>
    public static uint NextMask() => (uint)Random.Shared.NextInt64(1L << 32);

    /// <summary>Begins to connect one more client; it joins its topic by itself.</summary>
    public void Open(int topic)
    {
        var number = _connections.Count;
        var socket = new Socket(_target.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
        var connection = new Connection(number, topic, socket, Stopwatch.GetTimestamp());
        _connections.Add(connection);
        BindSource(socket, number);
        fixed (byte* address = _address)
        {
            if (LinuxCalls.Connect(connection.Descriptor, address, (uint)_address.Length) < 0 &&
                Marshal.GetLastPInvokeError() is not LinuxCalls.EInProgress and var error)
            {
                End(connection, Describe("connect", error));
                return;
            }
        }

        _epoll.Add(connection.Descriptor, number, Readiness.Readable | Readiness.Writable);
    }

    /// <summary>Waits for at most this time, handles everything that is ready and sends heartbeats that are due.</summary>
    public void Poll(int timeoutMilliseconds)
    {
        SendHeartbeats();
        var ready = _epoll.Wait(timeoutMilliseconds);
        for (var i = 0; i < ready; i++)
        {
            var (number, readiness) = _epoll.Entry(i);
            var connection = _connections[number];
            if (connection.State != ConnectionState.Ended)
            {
                Handle(connection, readiness);
            }
        }
    }

    /// <summary>Sends complete frames; what the socket does not take now follows as soon as it can.</summary>
    public void Send(Connection connection, ReadOnlySpan<byte> frames)
    {
        if (connection.HasUnsent)
        {
            connection.KeepUnsent(frames);
            return;
        }

        var sent = SendNow(connection, frames);
        if (sent >= 0 && sent < frames.Length)
        {
            connection.KeepUnsent(frames[sent..]);
            _epoll.Modify(connection.Descriptor, connection.Number, Readiness.Readable | Readiness.Writable);
        }
    }

    /// <summary>Closes all connections as the protocol asks, and cuts those that have not ended within the time given.</summary>
    public void CloseAll(TimeSpan patience)
    {
        var close = ClientFrame.Create(Opcode.Close, [0x03, 0xE8], NextMask());
        foreach (var connection in _connections)
        {
            if (connection.State == ConnectionState.Joined)
            {
                connection.State = ConnectionState.Closing;
                Send(connection, close);
            }
        }

        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < patience && _connections.Exists(c => c.State == ConnectionState.Closing))
        {
            Poll(20);
        }

        Abort();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Abort();
        _epoll.Dispose();
    }

    // The heartbeats of some of the members, so that they are spread over the interval and not sent in a burst.
    private void SendHeartbeats()
    {
        if (_heartbeat is null || Stopwatch.GetElapsedTime(_heartbeatsSentAt) < HeartbeatInterval / HeartbeatShares)
        {
            return;
        }

        _heartbeatsSentAt = Stopwatch.GetTimestamp();
        for (var i = (_connections.Count + HeartbeatShares - 1) / HeartbeatShares; i > 0; i--)
        {
            var connection = _connections[_nextHeartbeat++ % _connections.Count];
            if (connection.State == ConnectionState.Joined)
            {
                Send(connection, _heartbeat);
            }
        }
    }

    private void Abort()
    {
        foreach (var connection in _connections)
        {
            connection.State = ConnectionState.Ended;
            connection.Socket.Dispose();
        }
    }

    // The kernel chooses the port at connect, when it knows the whole four-tuple: binding alone would use it up for all targets.
    private void BindSource(Socket socket, int number)
    {
        var source = _target.FirstSource + (number / ConnectionsPerSourceAddress);
        if (source > 0 && _target.EndPoint is { AddressFamily: AddressFamily.InterNetwork } to && IPAddress.IsLoopback(to.Address))
        {
            socket.SetRawSocketOption(LevelIp, BindAddressNoPort, [1, 0, 0, 0]);
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(1 + (source % 250))]), 0));
        }
    }

    private void Handle(Connection connection, Readiness readiness)
    {
        if ((readiness & (Readiness.Readable | Readiness.Error | Readiness.HangUp)) != 0)
        {
            Receive(connection);
        }

        if ((readiness & Readiness.Writable) == 0 || connection.State == ConnectionState.Ended)
        {
            return;
        }

        if (connection.State == ConnectionState.Connecting)
        {
            connection.State = ConnectionState.Upgrading;
            _epoll.Modify(connection.Descriptor, connection.Number, Readiness.Readable);
            Send(connection, _requests[connection.Topic]);
        }
        else if (SendNow(connection, connection.Unsent) is >= 0 and var sent)
        {
            connection.RemoveUnsent(sent);
            if (!connection.HasUnsent)
            {
                _epoll.Modify(connection.Descriptor, connection.Number, Readiness.Readable);
            }
        }
    }

    private int SendNow(Connection connection, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            var sent = LinuxCalls.Send(connection.Descriptor, first, (nuint)bytes.Length, LinuxCalls.NoSignal);
            if (sent >= 0)
            {
                return (int)sent;
            }
        }

        var error = Marshal.GetLastPInvokeError();
        if (error == LinuxCalls.EAgain)
        {
            return 0;
        }

        End(connection, Describe("send", error));
        return -1;
    }

    private void Receive(Connection connection)
    {
        var kept = connection.RestoreUnread(_buffer);
        nint received;
        fixed (byte* buffer = _buffer)
        {
            received = LinuxCalls.Receive(connection.Descriptor, buffer + kept, (nuint)(_buffer.Length - kept), 0);
        }

        if (received <= 0)
        {
            var error = received < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error == LinuxCalls.EAgain)
            {
                connection.KeepUnread(_buffer.AsSpan(0, kept));
                return;
            }

            End(connection, received == 0 ? "The server closed the connection without a close frame." : Describe("recv", error));
            return;
        }

        var arrived = _buffer.AsSpan(0, kept + (int)received);
        try
        {
            var read = Read(connection, arrived, Stopwatch.GetTimestamp());
            connection.KeepUnread(arrived[read..]);
        }
        catch (WireException failure)
        {
            End(connection, failure.Message);
        }
    }

    // Bytes that were understood; the rest is the beginning of a frame.
    private int Read(Connection connection, ReadOnlySpan<byte> arrived, long now)
    {
        var read = 0;
        if (connection.State == ConnectionState.Upgrading)
        {
            read = Handshake.ReadAnswer(arrived);
            if (read == 0)
            {
                return 0;
            }

            Join(connection, now);
        }

        while (connection.State != ConnectionState.Ended && ServerFrame.TryRead(arrived[read..], out var frame))
        {
            read += frame.Length;
            HandleFrame(connection, frame, now);
        }

        return read;
    }

    private void Join(Connection connection, long now)
    {
        if (_joins[connection.Topic] is { } join)
        {
            connection.State = ConnectionState.Joining;
            Send(connection, join);
        }
        else
        {
            BecomeMember(connection, now);
        }
    }

    private void BecomeMember(Connection connection, long now)
    {
        connection.State = ConnectionState.Joined;
        connection.HasJoined = true;
        _observer.OnJoined(connection, now);
    }

    private void HandleFrame(Connection connection, ServerFrame frame, long now)
    {
        switch (frame.Opcode)
        {
            case Opcode.Text or Opcode.Binary:
                if (Stamp.TryRead(_wire.FindPayload(frame.Opcode, frame.Payload), out var stamp))
                {
                    _observer.OnDelivery(connection, stamp, now);
                }
                else if (frame.Opcode == Opcode.Text)
                {
                    HandleSignal(connection, frame.Payload, now);
                }

                break;
            case Opcode.Ping:
                Send(connection, ClientFrame.Create(Opcode.Pong, frame.Payload, NextMask()));
                break;
            case Opcode.Close:
                var code = frame.Payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(frame.Payload) : 1005;
                End(connection, $"The server closed the connection with {code}.");
                break;
            default:
                break;
        }
    }

    private void HandleSignal(Connection connection, ReadOnlySpan<byte> message, long now)
    {
        switch (_wire.ReadSignal(message))
        {
            case Signal.Joined when connection.State == ConnectionState.Joining:
                BecomeMember(connection, now);
                break;
            case Signal.Failed when connection.State != ConnectionState.Closing:
                End(connection, $"The server ended the channel: {Encoding.UTF8.GetString(message[..Math.Min(message.Length, 300)])}");
                break;
            default:
                break;
        }
    }

    private void End(Connection connection, string reason)
    {
        var asked = connection.State == ConnectionState.Closing;
        connection.State = ConnectionState.Ended;
        connection.Socket.Dispose();
        if (!asked)
        {
            _observer.OnEnded(connection, reason);
        }
    }

    private static string Describe(string call, int error) => $"{call}: {Marshal.GetPInvokeErrorMessage(error)}";
}
