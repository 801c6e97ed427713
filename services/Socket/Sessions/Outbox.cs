using System.Buffers;
using System.IO.Pipelines;

namespace Realtime.Socket.Sessions;

/// <summary>What became of a frame that was handed to an <see cref="Outbox"/>.</summary>
internal enum PostResult
{
    /// <summary>It will be written, in order.</summary>
    Accepted,

    /// <summary>The session is ending; the frame is dropped.</summary>
    Closed,

    /// <summary>The client is too far behind; the caller ends its session.</summary>
    Full,
}

/// <summary>Frames that wait to be written to one client, bounded in number and bytes.</summary>
/// <remarks>
/// Frames are shared between receivers and never changed. Nothing is held and nothing runs while it is empty: the queue is rented
/// with the first frame and one thread-pool item writes all that gathered until none is left, so that bursts become few writes.
/// Thread-safe.
/// </remarks>
internal sealed class Outbox(PipeWriter output, int maxMessages, long maxBytes) : IThreadPoolWorkItem
{
    // Kestrel waits for the client beyond 64 KB; writing in such portions keeps what is copied per client bounded.
    private const int PortionBytes = 65_536;
    private const int InitialSlots = 16;

    private readonly Lock _lock = new();
    private byte[][] _queue = [];
    private int _queued;
    private int _pending;
    private long _pendingBytes;
    private bool _isDraining;
    private bool _isCompleted;
    private TaskCompletionSource? _drained;

    /// <summary>Adds a complete frame; never waits.</summary>
    public PostResult Post(byte[] frame)
    {
        lock (_lock)
        {
            if (_isCompleted)
            {
                return PostResult.Closed;
            }

            if (_pending >= maxMessages || (_pendingBytes + frame.Length > maxBytes && _pending > 0))
            {
                return PostResult.Full;
            }

            Enqueue(frame);
            if (_isDraining)
            {
                return PostResult.Accepted;
            }

            _isDraining = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        return PostResult.Accepted;
    }

    /// <summary>Takes no further frames after <paramref name="last"/>, which goes out even when the outbox is full.</summary>
    /// <returns><see langword="false"/> when it was completed before.</returns>
    public bool Complete(byte[]? last)
    {
        lock (_lock)
        {
            if (_isCompleted)
            {
                return false;
            }

            _isCompleted = true;
            if (last is null)
            {
                return true;
            }

            Enqueue(last);
            if (_isDraining)
            {
                return true;
            }

            _isDraining = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        return true;
    }

    /// <summary>Ends when nothing is being written any more; call after <see cref="Complete"/>.</summary>
    public Task WhenDrainedAsync()
    {
        lock (_lock)
        {
            if (!_isDraining)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    // DrainAsync handles every failure itself and WhenDrainedAsync is how its owner awaits it.
    void IThreadPoolWorkItem.Execute() => _ = DrainAsync();

    private async Task DrainAsync()
    {
        try
        {
            while (TryTake(out var batch, out var count))
            {
                for (var next = 0; next < count;)
                {
                    var first = next;
                    var bytes = Copy(batch, count, ref next);
                    var flush = await output.FlushAsync();
                    Release(next - first, bytes);
                    if (flush.IsCompleted || flush.IsCanceled)
                    {
                        Abandon();
                        break;
                    }
                }

                ArrayPool<byte[]>.Shared.Return(batch, clearArray: true);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is gone; the session's reader notices the same and ends it.
            Abandon();
            TryTake(out _, out _);
        }
    }

    private void Enqueue(byte[] frame)
    {
        if (_queued == _queue.Length)
        {
            Grow();
        }

        _queue[_queued++] = frame;
        _pending++;
        _pendingBytes += frame.Length;
    }

    private void Grow()
    {
        var larger = ArrayPool<byte[]>.Shared.Rent(Math.Max(InitialSlots, _queued * 2));
        Array.Copy(_queue, larger, _queued);
        if (_queue.Length > 0)
        {
            ArrayPool<byte[]>.Shared.Return(_queue, clearArray: true);
        }

        _queue = larger;
    }

    // Takes all that is queued, or stops draining when there is nothing.
    private bool TryTake(out byte[][] batch, out int count)
    {
        lock (_lock)
        {
            (batch, count) = (_queue, _queued);
            (_queue, _queued) = ([], 0);
            if (count > 0)
            {
                return true;
            }

            _isDraining = false;
            _drained?.TrySetResult();
            return false;
        }
    }

    // Copies whole frames until a portion is full.
    private int Copy(byte[][] batch, int count, ref int next)
    {
        var copied = 0;
        do
        {
            var frame = batch[next++];
            output.Write(frame);
            copied += frame.Length;
        }
        while (next < count && copied + batch[next].Length <= PortionBytes);
        return copied;
    }

    private void Release(int messages, int bytes)
    {
        lock (_lock)
        {
            _pending -= messages;
            _pendingBytes -= bytes;
        }
    }

    private void Abandon()
    {
        lock (_lock)
        {
            _isCompleted = true;
            if (_queue.Length > 0)
            {
                ArrayPool<byte[]>.Shared.Return(_queue, clearArray: true);
            }

            (_queue, _queued) = ([], 0);
        }
    }
}
