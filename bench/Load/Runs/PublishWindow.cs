namespace Realtime.Load.Runs;

/// <summary>Bounds how many messages of one publisher are under way until the slowest receiver has them.</summary>
/// <remarks>
/// "As fast as it goes" without a bound would only measure when the server's queues overflow. Each message under way has a count of the
/// receivers that lack it, so a delivery costs one decrement and nobody has to search for the slowest receiver.
/// </remarks>
internal sealed class PublishWindow(int size, int receivers)
{
    private readonly int[] _lacking = new int[size];
    private int _receivers = receivers;
    private long _completed;

    /// <summary>Messages published so far; also the sequence number of the next one.</summary>
    public long Published { get; private set; }

    /// <summary>Messages that may be published now.</summary>
    public int Room => size - (int)(Published - _completed);

    /// <summary>Counts one more message as published; needs <see cref="Room"/>.</summary>
    /// <returns>Its sequence number.</returns>
    public long Publish()
    {
        _lacking[Published % size] = _receivers;
        return Published++;
    }

    /// <summary>One receiver has, or will never have, the messages from one sequence number up to but not including another.</summary>
    public void Complete(long from, long to)
    {
        for (var sequence = from; sequence < to; sequence++)
        {
            _lacking[sequence % size]--;
        }

        while (_completed < Published && _lacking[_completed % size] <= 0)
        {
            _completed++;
        }
    }

    /// <summary>A receiver is gone that has had all messages before this sequence number.</summary>
    public void RemoveReceiver(long next)
    {
        _receivers--;
        Complete(next, Published);
    }
}
