using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Protocol;
using Realtime.Protocol.Joins;
using Realtime.Protocol.Messages;
using Realtime.Socket.Channels;
using Realtime.Socket.Presence;

namespace Realtime.Socket.Sessions;

/// <summary>The channels of one session: routes its messages to them and keeps the order of what each channel says (protocol.md section 3).</summary>
/// <remarks>
/// Messages come one at a time from the session's reader. Token deadlines, limits and configuration changes end channels from other
/// threads, so what changes the set of channels happens under one lock. A lock of another session is never taken while it is held.
/// </remarks>
internal sealed partial class SessionChannels(SocketNode node, SocketSession session)
{
    // While this many answers wait for their back-off the session is not read: a flood of refused joins fills no memory.
    private const int MaxWaitingReplies = 128;

    // Likewise for messages to topics whose join is still being decided.
    private const int MaxDeferredMessages = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], Channel> _channels = new(TopicComparer.Instance);
    private DeferredMessages? _deferred;
    private TaskCompletionSource? _resumed;
    private int _waitingReplies;
    private bool _isUser;
    private bool _hasEnded;

    /// <summary>Whether a join was ever tried; sockets that only listen are left alone by the sweep (protocol.md 1.7).</summary>
    public bool HasTriedToJoin { get; private set; }

    /// <summary>Number of live channels.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _channels.Count;
            }
        }
    }

    /// <summary>Whether this session already counts as a user of its tenant.</summary>
    public bool IsUser => Volatile.Read(ref _isUser);

    /// <summary>Whether the session is not to be read for now.</summary>
    public bool IsStalled =>
        Volatile.Read(ref _waitingReplies) >= MaxWaitingReplies || _deferred is { Count: >= MaxDeferredMessages };

    /// <summary>Ends when the session may be read again.</summary>
    public Task WhenResumedAsync()
    {
        lock (_lock)
        {
            return IsStalled && !_hasEnded ? (_resumed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    /// <summary>Does what one message asks for, or keeps it until what its topic waits for is decided.</summary>
    /// <param name="message">The decoded message.</param>
    /// <param name="isBinary">Whether it came in a binary frame.</param>
    /// <param name="data">The message as it came.</param>
    public void Handle(in ClientMessage message, bool isBinary, ReadOnlySpan<byte> data)
    {
        if (message.Event == ChannelEvent.Heartbeat && ChannelTopic.IsPhoenix(message.Topic))
        {
            Reply(default, message, isOk: true, "{}"u8);
        }
        else if (_deferred is null || !_deferred.TryDefer(message.Topic, isBinary, data))
        {
            var decision = HandleNow(message, isBinary, data);
            if (!decision.IsCompleted)
            {
                (_deferred ??= new DeferredMessages()).Wait(message.Topic.ToArray(), decision, HandleDeferred);
            }
        }
    }

    /// <summary>Ends when nothing is being decided for this session any more.</summary>
    public Task WhenDecidedAsync() => _deferred?.WhenDecidedAsync() ?? Task.CompletedTask;

    /// <summary>Answers a join once all its checks passed and makes the session a member; nothing of the channel is sent before its reply.</summary>
    /// <param name="channel">The new channel.</param>
    /// <param name="key">Where it becomes a member.</param>
    /// <param name="first">Frames to send first: the reply, the close of a channel that this one replaces, replayed broadcasts.</param>
    /// <returns><see langword="false"/> when the session ended meanwhile.</returns>
    public bool Open(Channel channel, ChannelKey key, IEnumerable<byte[]> first)
    {
        lock (_lock)
        {
            if (_hasEnded)
            {
                return false;
            }

            _channels[channel.Topic] = channel;
            foreach (var frame in first)
            {
                session.Post(frame);
            }

            session.Hub.Join(channel, key);
            ScheduleTokenCheck(channel);
            channel.Changes?.Start();
            if (!_isUser)
            {
                Volatile.Write(ref _isUser, true);
                session.Hub.CountUser(+1, users => node.Directory.ReportUsers(node.Id, session.Hub.Tenant, users));
            }
        }

        node.Metrics.ChannelJoined();
        return true;
    }

    /// <summary>Sends frames after the back-off of a refused join; until then they count as waiting.</summary>
    /// <param name="reply">The refusal.</param>
    /// <param name="closeOfPrevious">The close of a channel that the join ended, or null.</param>
    /// <param name="closeCode">Closes the socket after the reply; 0 leaves it open.</param>
    /// <param name="delay">What is left of the back-off.</param>
    public void ReplyLater(byte[] reply, byte[]? closeOfPrevious, ushort closeCode, TimeSpan delay)
    {
        lock (_lock)
        {
            _waitingReplies++;
        }

        var waiting = new WaitingReply(this, reply, closeOfPrevious, closeCode);
        if (delay <= TimeSpan.Zero)
        {
            Send(waiting);
        }
        else
        {
            node.Deadlines.Set(waiting, delay);
        }
    }

    /// <summary>Verifies a channel's token when its deadline came (protocol.md 4.2).</summary>
    public void CheckToken(Channel channel)
    {
        lock (_lock)
        {
            if (node.Tokens.CheckExpiry(channel.Token.Verified) is { } failure)
            {
                ShutDown(channel, failure.SystemMessage);
            }
            else if (IsLive(channel))
            {
                ScheduleTokenCheck(channel);
            }
        }
    }

    /// <summary>Puts a new token and what it may do into force.</summary>
    public void Renew(Channel channel, ChannelToken token, ChannelAccess access)
    {
        lock (_lock)
        {
            if (IsLive(channel))
            {
                (channel.Token, channel.Access) = (token, access);
                ScheduleTokenCheck(channel);
                channel.Changes?.Renew();
            }
        }
    }

    /// <summary>Ends a channel for a reason that its client is told: a system message, then <c>phx_close</c> (protocol.md 3.7).</summary>
    public void ShutDown(Channel channel, string message)
    {
        lock (_lock)
        {
            if (!Remove(channel))
            {
                return;
            }

            session.Post(ServerMessage.System(session.Version, channel.EffectiveJoinRef, channel.Topic, "system"u8, isOk: false, message));
            session.Post(CloseFrame(channel));
        }

        Log.ChannelShutDown(node.Logger, session.Connection.ClientMistakeLevel, session.Hub.Tenant, message);
    }

    /// <summary>Tells a live channel something about its change subscriptions (protocol.md 7.4).</summary>
    public void NotifyChanges(Channel channel, bool isOk, string message)
    {
        lock (_lock)
        {
            if (IsLive(channel))
            {
                session.Post(ServerMessage.System(
                    session.Version, channel.EffectiveJoinRef, channel.Topic, "postgres_changes"u8, isOk, message));
            }
        }
    }

    /// <summary>Whether a channel is still one of this session.</summary>
    public bool Has(Channel channel)
    {
        lock (_lock)
        {
            return IsLive(channel);
        }
    }

    /// <summary>Sends a frame of a channel unless it has ended.</summary>
    public void Post(Channel channel, byte[] frame)
    {
        lock (_lock)
        {
            if (IsLive(channel))
            {
                session.Post(frame);
            }
        }
    }

    /// <summary>Tells every channel that the server asks for a disconnect (protocol.md 1.8).</summary>
    public void AnnounceDisconnect()
    {
        lock (_lock)
        {
            foreach (var channel in _channels.Values)
            {
                session.Post(ServerMessage.DisconnectRequested(session.Version, channel.Topic));
            }
        }
    }

    /// <summary>Gives up all channels; the connection is gone.</summary>
    public void EndAll()
    {
        lock (_lock)
        {
            _hasEnded = true;
            foreach (var channel in _channels.Values)
            {
                Detach(channel);
            }

            _channels.Clear();
            _resumed?.TrySetResult();
            if (_isUser)
            {
                session.Hub.CountUser(-1, users => node.Directory.ReportUsers(node.Id, session.Hub.Tenant, users));
            }
        }
    }

    // What is returned is pending while the database is asked, and ends when the message is dealt with.
    private Task HandleNow(in ClientMessage message, bool isBinary, ReadOnlySpan<byte> data)
    {
        if (message.Event == ChannelEvent.Join)
        {
            return HandleJoin(message);
        }

        if (Find(message.Topic) is { } channel)
        {
            return HandleOnChannel(channel, message, isBinary, data);
        }

        if (message.Event == ChannelEvent.Leave)
        {
            Reply(message.JoinRef, message, isOk: true, "{}"u8);
        }
        else
        {
            ReplyUnmatched(message);
        }

        return Task.CompletedTask;
    }

    private Task HandleDeferred(bool isBinary, byte[] data)
    {
        var decision = ClientMessageReader.TryRead(session.Version, isBinary, data, out var message)
            ? HandleNow(message, isBinary, data)
            : Task.CompletedTask;
        lock (_lock)
        {
            ResumeIfPossible();
        }

        return decision;
    }

    private Task HandleOnChannel(Channel channel, in ClientMessage message, bool isBinary, ReadOnlySpan<byte> data)
    {
        switch (message.Event)
        {
            case ChannelEvent.Broadcast when !channel.Access.Knows(ChannelPermissions.WriteBroadcast):
                return BroadcastAfterDecisionAsync(channel, isBinary, data.ToArray());
            case ChannelEvent.Broadcast:
                node.Broadcasts.Handle(channel, message);
                break;
            case ChannelEvent.Leave:
                HandleLeave(channel, message);
                break;
            case ChannelEvent.AccessToken:
                return HandleAccessToken(channel, message);
            case ChannelEvent.Presence when PresenceHandler.NeedsDecision(channel, message):
                return PresenceAfterDecisionAsync(channel, isBinary, data.ToArray());
            case ChannelEvent.Presence:
                node.Presence.Handle(channel, message);
                break;
            default:
                node.Rates.For(session.Hub.Model.Config).Events.Add(1);
                break;
        }

        return Task.CompletedTask;
    }

    // Without an answer of the database the message is dropped and not acknowledged (protocol.md 5.3).
    private async Task BroadcastAfterDecisionAsync(Channel channel, bool isBinary, byte[] data)
    {
        await node.Policies.DecideWritingAsync(channel);
        if (channel.Access.Knows(ChannelPermissions.WriteBroadcast))
        {
            Broadcast(channel, isBinary, data);
        }
    }

    // Without an answer of the database the track is refused (protocol.md 6.2).
    private async Task PresenceAfterDecisionAsync(Channel channel, bool isBinary, byte[] data)
    {
        await node.Policies.DecideWritingAsync(channel);
        HandlePresence(channel, isBinary, data);
    }

    private void HandlePresence(Channel channel, bool isBinary, byte[] data)
    {
        if (ClientMessageReader.TryRead(session.Version, isBinary, data, out var message))
        {
            node.Presence.Handle(channel, message);
        }
    }

    private void Broadcast(Channel channel, bool isBinary, byte[] data)
    {
        if (ClientMessageReader.TryRead(session.Version, isBinary, data, out var message))
        {
            node.Broadcasts.Handle(channel, message);
        }
    }

    private Task HandleJoin(in ClientMessage message)
    {
        HasTriedToJoin = true;
        if (!ChannelTopic.IsChannel(message.Topic))
        {
            ReplyUnmatched(message);
            return Task.CompletedTask;
        }

        return node.Joins.RunAsync(new JoinAttempt(session, message, TerminatePrevious(message.Topic)));
    }

    private void ResumeIfPossible()
    {
        if (!IsStalled)
        {
            _resumed?.TrySetResult();
            _resumed = null;
        }
    }

    // A second join of a topic ends the first channel at once; its phx_close follows the reply of the new join (protocol.md 3.7).
    private byte[]? TerminatePrevious(ReadOnlySpan<byte> topic)
    {
        lock (_lock)
        {
            if (Find(topic) is { } previous && Remove(previous))
            {
                return CloseFrame(previous);
            }

            return null;
        }
    }

    private void HandleLeave(Channel channel, in ClientMessage message)
    {
        // A client that names another join raced a close; one that names none means this channel.
        if (!message.JoinRef.IsEmpty && channel.JoinRef.Length > 0 && !message.JoinRef.SequenceEqual(channel.JoinRef))
        {
            return;
        }

        lock (_lock)
        {
            if (Remove(channel))
            {
                Reply(channel.EffectiveJoinRef, message, isOk: true, "{}"u8);
                session.Post(CloseFrame(channel));
            }
        }
    }

    private Task HandleAccessToken(Channel channel, in ClientMessage message)
    {
        var payload = AccessTokenPayload.Read(message);
        if (payload.IsMalformed)
        {
            node.Rates.For(session.Hub.Model.Config).Events.Add(1);
        }

        return payload.Token is { } text && !channel.Token.IsOf(text) ? node.TokenRefresh.RunAsync(channel, text) : Task.CompletedTask;
    }

    private Channel? Find(ReadOnlySpan<byte> topic)
    {
        lock (_lock)
        {
            return _channels.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var channel) ? channel : null;
        }
    }

    private bool IsLive(Channel channel) => _channels.TryGetValue(channel.Topic, out var live) && live == channel;

    private bool Remove(Channel channel)
    {
        if (!IsLive(channel))
        {
            return false;
        }

        _channels.Remove(channel.Topic);
        Detach(channel);
        return true;
    }

    private void Detach(Channel channel)
    {
        session.Hub.Leave(channel);
        node.Presence.Left(channel);
        node.Deadlines.Remove(channel);
        channel.Changes?.Stop();
        node.Metrics.ChannelLeft();
    }

    private void ScheduleTokenCheck(Channel channel)
    {
        var delay = node.Settings.TokenCheckInterval;
        if (channel.Token.Verified.ExpiresAt is { } expiresAt)
        {
            var left = DateTimeOffset.FromUnixTimeSeconds(Math.Min(expiresAt, 253_402_300_799)) - node.Time.GetUtcNow();
            delay = left < delay ? left : delay;
        }

        node.Deadlines.Set(channel, delay);
    }

    private byte[] CloseFrame(Channel channel) =>
        ServerMessage.Push(session.Version, channel.JoinRef, channel.JoinRef, channel.Topic, "phx_close"u8, "{}"u8);

    private void Reply(ReadOnlySpan<byte> joinRef, in ClientMessage message, bool isOk, ReadOnlySpan<byte> response) =>
        session.Post(ServerMessage.Reply(session.Version, joinRef, message.Ref, message.Topic, isOk, response));

    private void ReplyUnmatched(in ClientMessage message) =>
        session.Post(ServerMessage.ErrorReply(session.Version, default, message.Ref, message.Topic, "unmatched topic"));

    private void Send(WaitingReply waiting)
    {
        session.Post(waiting.Reply);
        if (waiting.CloseOfPrevious is not null)
        {
            session.Post(waiting.CloseOfPrevious);
        }

        if (waiting.CloseCode != 0)
        {
            session.Close(waiting.CloseCode);
        }

        lock (_lock)
        {
            _waitingReplies--;
            ResumeIfPossible();
        }
    }

    /// <summary>The answer to a refused join, waiting for the end of its back-off.</summary>
    private sealed class WaitingReply(SessionChannels channels, byte[] reply, byte[]? closeOfPrevious, ushort closeCode) : Lifecycle.Deadline
    {
        public byte[] Reply { get; } = reply;

        public byte[]? CloseOfPrevious { get; } = closeOfPrevious;

        public ushort CloseCode { get; } = closeCode;

        protected internal override void OnDue() => channels.Send(this);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1, Message = "A channel of {Tenant} was shut down: {Reason}.", EventName = "ChannelShutdown")]
        public static partial void ChannelShutDown(ILogger logger, LogLevel level, Contracts.Tenants.TenantId tenant, string reason);
    }
}
