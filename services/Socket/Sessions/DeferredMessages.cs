namespace Realtime.Socket.Sessions;

/// <summary>
/// Messages of topics for which something is being decided: a join or a new token whose policies are asked, a first broadcast whose
/// permission is. They wait, so that each channel sees its messages in order, while the session's other topics go on. Thread-safe.
/// </summary>
internal sealed class DeferredMessages
{
    private readonly Lock _lock = new();
    private readonly Dictionary<byte[], Queue<(bool IsBinary, byte[] Data)>> _topics = new(TopicComparer.Instance);
    private int _count;
    private Task _decisions = Task.CompletedTask;

    /// <summary>Messages that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Ends when nothing is being decided any more.</summary>
    public Task WhenDecidedAsync()
    {
        lock (_lock)
        {
            return _decisions;
        }
    }

    /// <summary>Keeps a copy of a message if its topic has to wait.</summary>
    public bool TryDefer(ReadOnlySpan<byte> topic, bool isBinary, ReadOnlySpan<byte> data)
    {
        lock (_lock)
        {
            if (_topics.Count == 0 || !_topics.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic, out var waiting))
            {
                return false;
            }

            waiting.Enqueue((isBinary, data.ToArray()));
            _count++;
            return true;
        }
    }

    /// <summary>Lets a topic wait for a decision, and then handles what came meanwhile.</summary>
    /// <param name="topic">A topic that does not wait yet.</param>
    /// <param name="decision">Must not fail.</param>
    /// <param name="handle">Handles a message; a further decision that it needs is awaited before the next message.</param>
    public void Wait(byte[] topic, Task decision, Func<bool, byte[], Task> handle)
    {
        lock (_lock)
        {
            _topics.Add(topic, new Queue<(bool, byte[])>());
            var rest = HandleAfterAsync(topic, decision, handle);
            _decisions = _decisions.IsCompleted ? rest : Task.WhenAll(_decisions, rest);
        }
    }

    private async Task HandleAfterAsync(byte[] topic, Task decision, Func<bool, byte[], Task> handle)
    {
        // Never in the caller's lock, even when the decision just fell.
        await Task.Yield();
        await decision;
        while (TryTake(topic, out var message))
        {
            await handle(message.IsBinary, message.Data);
        }
    }

    // A topic waits until nothing of it is left, so that later messages cannot overtake.
    private bool TryTake(byte[] topic, out (bool IsBinary, byte[] Data) message)
    {
        lock (_lock)
        {
            if (_topics[topic].TryDequeue(out message))
            {
                _count--;
                return true;
            }

            _topics.Remove(topic);
            return false;
        }
    }
}
