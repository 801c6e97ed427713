using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Wire;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Sends messages to the inbox of one other process, many in an envelope.</summary>
/// <remarks>
/// <para>
/// The first message after a pause goes at once. While messages keep coming, an envelope is closed after <see cref="Window"/>, at
/// <see cref="MaxMessages"/> messages or at <see cref="MaxBytes"/> bytes, and published when the one before was taken: so order is
/// kept. While more waits than an envelope holds, envelopes grow up to eight times as large.
/// </para>
/// <para>
/// An envelope that the broker did not take is published again, with the same sequence, until it is stale. Meanwhile messages wait in
/// a queue; what does not fit or gets stale there is dropped and counted.
/// </para>
/// </remarks>
internal sealed partial class Outbox : IAsyncDisposable
{
    /// <summary>Longest wait for company, unless the broker is slower than that.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMilliseconds(2);

    /// <summary>Messages of one envelope without lag.</summary>
    public const int MaxMessages = 256;

    /// <summary>Bytes of one envelope without lag, unless a single message has more.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Largest envelope: sidecars refuse 4 MiB.</summary>
    public const int MaxEnvelopeBytes = (4 * 1024 * 1024) - (64 * 1024);

    /// <summary>Most messages that wait.</summary>
    public const int MaxQueuedMessages = 16_384;

    /// <summary>Most bytes that wait.</summary>
    public const int MaxQueuedBytes = 32 * 1024 * 1024;

    private const int MaxGrowth = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    private readonly Channel<Queued> _queue = Channel.CreateBounded<Queued>(new BoundedChannelOptions(MaxQueuedMessages) { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<string, ReadOnlyMemory<byte>, CancellationToken, Task> _publish;
    private readonly Func<string> _topic;
    private readonly Guid _publisher;
    private readonly Guid _target;
    private readonly long _epoch;
    private readonly TimeSpan _staleAfter;
    private readonly TimeProvider _time;
    private readonly BusMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Task _sending;
    private int _queuedBytes;
    private long _sequence;
    private int _growth = 1;
    private bool _fails;
    private int _isEnding;

    /// <summary>Starts sending.</summary>
    /// <param name="publish">Publishes to a topic; returns when the broker has it, throws <see cref="RpcException"/> when not.</param>
    /// <param name="topic">The target's topic at the moment.</param>
    /// <param name="publisher">This process.</param>
    /// <param name="target">The process to send to.</param>
    /// <param name="epoch">Larger than that of any earlier outbox of this process for the target.</param>
    /// <param name="staleAfter">How long a message is worth sending.</param>
    /// <param name="time">The clock.</param>
    /// <param name="metrics">Counts.</param>
    /// <param name="logger">Logs.</param>
    public Outbox(
        Func<string, ReadOnlyMemory<byte>, CancellationToken, Task> publish,
        Func<string> topic,
        Guid publisher,
        Guid target,
        long epoch,
        TimeSpan staleAfter,
        TimeProvider time,
        BusMetrics metrics,
        ILogger logger)
    {
        (_publish, _topic, _publisher, _target, _epoch) = (publish, topic, publisher, target, epoch);
        (_staleAfter, _time, _metrics, _logger) = (staleAfter, time, metrics, logger);
        _sending = Task.Run(SendAllAsync);
    }

    /// <summary>Queues one item. Thread-safe, does not block; what does not fit is dropped and counted.</summary>
    /// <param name="item">Kind and content as they stand in the envelope; never to be changed.</param>
    public void Post(byte[] item)
    {
        if (item.Length > MaxEnvelopeBytes - Envelope.HeaderBytes)
        {
            _metrics.Dropped(1, "too_large");
        }
        else if (Interlocked.Add(ref _queuedBytes, item.Length) > MaxQueuedBytes || !_queue.Writer.TryWrite(new Queued(item, _time.GetTimestamp())))
        {
            Interlocked.Add(ref _queuedBytes, -item.Length);
            _metrics.Dropped(1, "full");
        }
    }

    /// <summary>Takes nothing more and drops what waits: the target is gone.</summary>
    public Task AbandonAsync() => EndAsync(TimeSpan.Zero);

    /// <summary>Takes nothing more and sends what waits, for some seconds at most.</summary>
    public async ValueTask DisposeAsync() => await EndAsync(Farewell);

    private async Task EndAsync(TimeSpan patience)
    {
        _queue.Writer.TryComplete();
        if (Interlocked.Exchange(ref _isEnding, 1) == 0)
        {
            _stop.CancelAfter(patience);
            await _sending;
            _stop.Dispose();
        }
        else
        {
            await _sending;
        }
    }

    private async Task SendAllAsync()
    {
        var envelope = new WireWriter(MaxBytes + 1024);
        var lastSent = 0L;
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stop.Token))
            {
                await GatherAsync(lastSent);
                lastSent = _time.GetTimestamp();
                if (Fill(envelope) is > 0 and var messages)
                {
                    await PublishAsync(envelope, messages);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _metrics.Dropped(_queue.Reader.Count, "failed");
        }
    }

    private async Task GatherAsync(long lastSent)
    {
        var left = Window - _time.GetElapsedTime(lastSent);
        if (left > TimeSpan.Zero && _queue.Reader.Count < MaxMessages && Volatile.Read(ref _queuedBytes) < MaxBytes)
        {
            await Task.Delay(left, _time, _stop.Token);
        }
    }

    /// <returns>How many messages the envelope holds; 0 when all that waited was stale, and there is no envelope.</returns>
    private int Fill(WireWriter envelope)
    {
        DropStale();
        if (_queue.Reader.Count == 0)
        {
            return 0;
        }

        envelope.Clear();
        var header = new EnvelopeHeader(_target, _publisher, _epoch, ++_sequence, _time.GetUtcNow().ToUnixTimeMilliseconds());
        Envelope.WriteHeader(envelope, header);
        var messages = 0;
        while (messages < MaxMessages * _growth
            && _queue.Reader.TryPeek(out var next)
            && (messages == 0 || envelope.Length + next.Item.Length <= MaxBytes * _growth))
        {
            Take();
            envelope.WriteRaw(next.Item);
            messages++;
        }

        var lags = _queue.Reader.Count >= MaxMessages * _growth || Volatile.Read(ref _queuedBytes) >= MaxBytes * _growth;
        _growth = lags ? Math.Min(_growth * 2, MaxGrowth) : 1;
        return messages;
    }

    // After an outage clients get what is new, not what they no longer wait for.
    private void DropStale()
    {
        while (_queue.Reader.TryPeek(out var next) && _time.GetElapsedTime(next.PostedAt) > _staleAfter)
        {
            Take();
            _metrics.Dropped(1, "stale");
        }
    }

    private void Take()
    {
        if (_queue.Reader.TryRead(out var taken))
        {
            Interlocked.Add(ref _queuedBytes, -taken.Item.Length);
        }
    }

    private async Task PublishAsync(WireWriter envelope, int messages)
    {
        var bytes = envelope.Written.ToArray();
        var began = _time.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _publish(_topic(), bytes, _stop.Token);
                _metrics.Published(messages);
                Note(failure: null);
                return;
            }
            catch (RpcException exception)
            {
                Note(exception);
                if (exception.StatusCode is StatusCode.ResourceExhausted or StatusCode.OutOfRange
                    || _time.GetElapsedTime(began) + pause > _staleAfter)
                {
                    _metrics.Dropped(messages, "failed");
                    return;
                }
            }
            catch (Exception exception) when (!_stop.IsCancellationRequested)
            {
                // A fault of ours takes this envelope, not all that follow.
                Log.Faulted(_logger, _target, exception);
                _metrics.Dropped(messages, "failed");
                return;
            }

            await Task.Delay(pause, _time, _stop.Token);
        }
    }

    private void Note(RpcException? failure)
    {
        if (_fails != failure is not null)
        {
            _fails = failure is not null;
            if (failure is not null)
            {
                Log.Fails(_logger, _target, failure.StatusCode, failure.Status.Detail);
            }
            else
            {
                Log.Works(_logger, _target);
            }
        }
    }

    private readonly record struct Queued(byte[] Item, long PostedAt);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Messages for process {Target} cannot be published: {Status} {Detail}")]
        public static partial void Fails(ILogger logger, Guid target, StatusCode status, string detail);

        [LoggerMessage(2, LogLevel.Information, "Messages for process {Target} can be published again.")]
        public static partial void Works(ILogger logger, Guid target);

        [LoggerMessage(3, LogLevel.Error, "An envelope for process {Target} was lost by a fault.")]
        public static partial void Faulted(ILogger logger, Guid target, Exception exception);
    }
}
