using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Realtime.Hosting.Tenants;
using Realtime.Protocol;
using Realtime.Protocol.Messages;
using Realtime.Protocol.WebSockets;
using Realtime.Socket.Channels;
using Realtime.Socket.Fanout;
using Realtime.Socket.Lifecycle;

namespace Realtime.Socket.Sessions;

/// <summary>One WebSocket: reads its frames, answers control frames, writes through an outbox, ends in order (protocol.md 1.7, 1.8).</summary>
/// <remarks>
/// Nothing is allocated or running for an idle session but one pending read, which holds no buffer. Its deadline is the end of a
/// close handshake that the client does not finish. All methods but <see cref="RunAsync"/> are thread-safe.
/// </remarks>
internal sealed partial class SocketSession : Deadline
{
    // A connection that is closed while data of the client is unread is reset, and the client may never see our close frame.
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(1);

    private readonly SocketNode _node;
    private readonly PipeReader _input;
    private readonly Outbox _outbox;
    private readonly Action _abort;
    private MessageAssembler? _assembler;
    private long _lastReceived;
    private bool _isReadingEnded;
    private bool _isLingering;
    private volatile bool _isClosing;

    /// <summary>Takes over an upgraded connection.</summary>
    /// <param name="node">What all sessions of this node share.</param>
    /// <param name="connection">What the handshake found out.</param>
    /// <param name="input">Raw bytes of the client.</param>
    /// <param name="output">Raw bytes to the client.</param>
    /// <param name="abort">Breaks the TCP connection at once.</param>
    public SocketSession(SocketNode node, SessionConnection connection, PipeReader input, PipeWriter output, Action abort)
    {
        _node = node;
        _input = input;
        _abort = abort;
        _outbox = new Outbox(output, node.Settings.MaxOutboxMessages, node.Settings.MaxOutboxBytes);
        _lastReceived = node.Time.GetTimestamp();
        Connection = connection;
        Channels = new SessionChannels(node, this);
    }

    /// <summary>Serializer of this socket.</summary>
    public ProtocolVersion Version => Connection.Version;

    /// <summary>What the handshake found out: tenant, token, headers.</summary>
    public SessionConnection Connection { get; }

    /// <summary>The joined topics.</summary>
    public SessionChannels Channels { get; }

    /// <summary>What lives of the tenant on this node; set before <see cref="RunAsync"/>.</summary>
    public TenantHub Hub { get; private set; } = null!;

    /// <summary>Time since the last byte of the client.</summary>
    public TimeSpan Silence => _node.Time.GetElapsedTime(Volatile.Read(ref _lastReceived));

    /// <summary>Serves the connection until it ends.</summary>
    public async Task RunAsync(TenantModel tenant)
    {
        Hub = _node.Hubs.Enter(this, tenant);
        _node.Metrics.SessionOpened();
        try
        {
            await ReceiveAllAsync();
            if (_isLingering)
            {
                await DiscardRestAsync();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client vanished or the connection was aborted.
        }
        catch (Exception exception)
        {
            Log.Failed(_node.Logger, exception, Hub.Tenant);
            Close(CloseCode.InternalError);
        }
        finally
        {
            await EndAsync();
        }
    }

    /// <summary>Sends a complete frame; a client that is too far behind loses its connection instead.</summary>
    public PostResult Post(byte[] frame)
    {
        var result = _outbox.Post(frame);
        if (result == PostResult.Full && _outbox.Complete(null))
        {
            Log.SlowClient(_node.Logger, Hub.Tenant, _node.Settings.MaxOutboxMessages, _node.Settings.MaxOutboxBytes);
            _node.Metrics.SlowClientClosed();
            // The caller may be in the middle of a fan-out; breaking a connection runs code that is not ours.
            ThreadPool.UnsafeQueueUserWorkItem(static session => session._abort(), this, preferLocal: false);
        }

        return result;
    }

    /// <summary>Starts the close handshake; frames posted before go out first, later ones are dropped.</summary>
    public void Close(ushort code)
    {
        _isClosing = true;
        if (_outbox.Complete(ServerFrame.CreateClose(code)))
        {
            _node.Deadlines.Set(this, _node.Settings.CloseTimeout);
        }
    }

    /// <summary>Breaks the connection without a close frame.</summary>
    public void Abort()
    {
        _outbox.Complete(null);
        _abort();
    }

    /// <summary>Verifies the token of a channel whose deadline came.</summary>
    public void CheckToken(Channel channel) => Channels.CheckToken(channel);

    /// <inheritdoc/>
    protected internal override void OnDue()
    {
        if (Volatile.Read(ref _isLingering))
        {
            _input.CancelPendingRead();
        }
        else
        {
            _abort();
        }
    }

    private async Task ReceiveAllAsync()
    {
        while (!_isReadingEnded)
        {
            var read = await _input.ReadAsync();
            Volatile.Write(ref _lastReceived, _node.Time.GetTimestamp());
            var rest = read.Buffer;
            while (!_isReadingEnded && !Channels.IsStalled && TryHandleFrame(ref rest))
            {
            }

            // Examined to the end only when a frame is incomplete; a stalled session comes back to what is left.
            _input.AdvanceTo(rest.Start, Channels.IsStalled ? rest.Start : rest.End);
            if (Channels.IsStalled)
            {
                await Channels.WhenResumedAsync();
            }
            else if (read.IsCompleted)
            {
                return;
            }
        }
    }

    // Handles the first frame of what has arrived; false when it is not complete.
    private bool TryHandleFrame(ref ReadOnlySequence<byte> received)
    {
        switch (ClientFrameHeader.TryRead(received, _node.Settings.MaxMessageBytes, out var header))
        {
            case FrameHeaderStatus.Incomplete:
                return false;
            case FrameHeaderStatus.ProtocolError:
                FailReading(CloseCode.ProtocolError);
                return false;
            case FrameHeaderStatus.TooBig:
                FailReading(CloseCode.MessageTooBig);
                return false;
        }

        if (received.Length < header.HeaderLength + (long)header.PayloadLength)
        {
            return false;
        }

        var masked = received.Slice(header.HeaderLength, header.PayloadLength);
        var buffer = ArrayPool<byte>.Shared.Rent(header.PayloadLength);
        try
        {
            var payload = buffer.AsSpan(0, header.PayloadLength);
            Masking.CopyUnmasked(masked, header.Mask, payload);
            HandleFrame(header, payload);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        received = received.Slice(masked.End);
        return true;
    }

    private void HandleFrame(in ClientFrameHeader header, ReadOnlySpan<byte> payload)
    {
        switch (header.Opcode)
        {
            case WebSocketOpcode.Ping:
                Post(ServerFrame.Create(WebSocketOpcode.Pong, payload));
                break;
            case WebSocketOpcode.Pong:
                break;
            case WebSocketOpcode.Close:
                HandleClose(payload);
                break;
            case WebSocketOpcode.Text or WebSocketOpcode.Binary when header.IsFinal && _assembler is not { IsOpen: true }:
                HandleMessage(header.Opcode == WebSocketOpcode.Binary, payload);
                break;
            default:
                HandleFragment(header, payload);
                break;
        }
    }

    private void HandleFragment(in ClientFrameHeader header, ReadOnlySpan<byte> payload)
    {
        _assembler ??= new MessageAssembler(_node.Settings.MaxMessageBytes);
        if (_assembler.Append(header.Opcode, payload) is var code and not 0)
        {
            FailReading(code);
            return;
        }

        if (header.IsFinal)
        {
            HandleMessage(_assembler.IsBinary, _assembler.Message);
            _assembler.Reset();
        }
    }

    private void HandleMessage(bool isBinary, ReadOnlySpan<byte> data)
    {
        _node.Metrics.MessageReceived();
        if (_isClosing)
        {
            return;
        }

        if (ClientMessageReader.TryRead(Version, isBinary, data, out var message))
        {
            Channels.Handle(message, isBinary, data);
        }
        else
        {
            _node.Metrics.MalformedMessage();
            Log.Malformed(_node.Logger, Connection.ClientMistakeLevel, Hub.Tenant, data.Length);
        }
    }

    // Echoes the client's code with an empty reason; a close without a code is answered without one (protocol.md 1.7).
    private void HandleClose(ReadOnlySpan<byte> body)
    {
        _isReadingEnded = true;
        if (body.Length >= 2)
        {
            var code = BinaryPrimitives.ReadUInt16BigEndian(body);
            _outbox.Complete(ServerFrame.CreateClose(CloseCode.IsValidFromClient(code) ? code : CloseCode.ProtocolError));
        }
        else
        {
            _outbox.Complete(body.IsEmpty ? ServerFrame.Create(WebSocketOpcode.Close, default) : ServerFrame.CreateClose(CloseCode.ProtocolError));
        }
    }

    private void FailReading(ushort code)
    {
        _isReadingEnded = true;
        Volatile.Write(ref _isLingering, true);
        _outbox.Complete(ServerFrame.CreateClose(code));
    }

    private async Task DiscardRestAsync()
    {
        _node.Deadlines.Set(this, LingerTime);
        ReadResult read;
        do
        {
            read = await _input.ReadAsync();
            _input.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted && !read.IsCanceled);
    }

    private async Task EndAsync()
    {
        Volatile.Write(ref _isLingering, false);
        _outbox.Complete(null);
        Channels.EndAll();
        if (_node.Hubs.Exit(this, Hub))
        {
            _node.Feed.ReleaseBroadcasts(_node.Id, Hub.Tenant);
        }

        _node.Metrics.SessionClosed();
        _assembler?.Reset();
        // The last frames of a client that does not read must not keep the connection: the deadline breaks it.
        _node.Deadlines.Set(this, _node.Settings.CloseTimeout);
        await Channels.WhenDecidedAsync();
        await _outbox.WhenDrainedAsync();
        _node.Deadlines.Remove(this);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A session of {Tenant} failed.", EventName = "UnknownErrorOnWebSocketMessage")]
        public static partial void Failed(ILogger logger, Exception exception, Contracts.Tenants.TenantId tenant);

        [LoggerMessage(2, LogLevel.Warning,
            "A client of {Tenant} is too far behind ({MaxMessages} messages or {MaxBytes} bytes wait for it); its connection is closed.",
            EventName = "SlowClientClosed")]
        public static partial void SlowClient(ILogger logger, Contracts.Tenants.TenantId tenant, int maxMessages, int maxBytes);

        [LoggerMessage(EventId = 3, Message = "A client of {Tenant} sent a message of {Length} bytes that cannot be read; it is ignored.", EventName = "MalformedWebSocketMessage")]
        public static partial void Malformed(ILogger logger, LogLevel level, Contracts.Tenants.TenantId tenant, int length);
    }
}
