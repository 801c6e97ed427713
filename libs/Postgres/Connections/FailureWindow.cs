namespace Realtime.Postgres.Connections;

/// <summary>Trips while at least <paramref name="limit"/> failures lie within the last <paramref name="period"/>. Thread-safe.</summary>
internal sealed class FailureWindow(int limit, TimeSpan period, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long[] _recent = new long[limit]; // ring of the newest failures
    private long _count;

    /// <summary>Whether callers should not even try.</summary>
    public bool IsTripped
    {
        get
        {
            lock (_lock)
            {
                // The slot that the next failure overwrites holds the oldest one that still counts.
                return _count >= limit && time.GetElapsedTime(_recent[_count % limit]) < period;
            }
        }
    }

    public void Add()
    {
        lock (_lock)
        {
            _recent[_count % limit] = time.GetTimestamp();
            _count++;
        }
    }
}
