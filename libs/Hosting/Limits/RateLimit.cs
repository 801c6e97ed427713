namespace Realtime.Hosting.Limits;

/// <summary>A limit of events per second as a token bucket.</summary>
/// <remarks>
/// <para>
/// The bucket holds ten seconds' worth of events, starts full and gains <see cref="PerSecond"/> each second; an event takes one. Empty
/// means exceeded. So a burst of just under 10 × the limit passes, and so does the limit itself for ever: whoever stays within either is never
/// refused. Events are counted even when the bucket is empty, down to a debt of another ten seconds' worth, so that one delivery to
/// very many members blocks a tenant for ten seconds at most. A limit of zero or less is always exceeded.
/// </para>
/// <para>
/// Ten seconds is what the counters of the reference server let through in their first window (an empty bucket and one of five
/// seconds, averaged: operations.md 4.3).
/// </para>
/// <para>
/// The level is kept as one number, the moment at which the bucket will be full again: <c>level = 10 s - (full - now)</c>, in
/// seconds' worth. Taking n events moves that moment by n / <see cref="PerSecond"/> seconds. Thread-safe and lock-free.
/// </para>
/// </remarks>
public sealed class RateLimit
{
    /// <summary>Capacity, and largest debt, in seconds' worth of events.</summary>
    public const int BurstSeconds = 10;

    private readonly TimeProvider _time;
    private readonly RollingCounter _counter;
    private readonly long _capacity;
    private readonly double _ticksPerEvent;
    private long _full;

    /// <summary>Starts with a full bucket.</summary>
    public RateLimit(int perSecond, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        PerSecond = perSecond;
        _time = time;
        _counter = new RollingCounter(TimeSpan.FromSeconds(5), 12, time);
        _capacity = BurstSeconds * time.TimestampFrequency;
        _ticksPerEvent = perSecond > 0 ? (double)time.TimestampFrequency / perSecond : 0;
        _full = time.GetTimestamp();
    }

    /// <summary>The limit.</summary>
    public int PerSecond { get; }

    /// <summary>Whether the bucket is empty.</summary>
    public bool IsExceeded => PerSecond <= 0 || Volatile.Read(ref _full) - _time.GetTimestamp() >= _capacity;

    /// <summary>Events per second: the mean over up to twelve finished buckets of five seconds, as operations.md 4.3 counts.</summary>
    public double AveragePerSecond => _counter.AveragePerSecond;

    /// <summary>Counts events that happen now.</summary>
    public void Add(long events)
    {
        if (events <= 0)
        {
            return;
        }

        _counter.Add(events);
        var now = _time.GetTimestamp();
        var latest = now + (2 * _capacity);
        var cost = (long)Math.Min(events * _ticksPerEvent, 2 * _capacity);
        while (true)
        {
            var full = Volatile.Read(ref _full);
            var next = Math.Min(Math.Max(full, now) + cost, latest);
            if (Interlocked.CompareExchange(ref _full, next, full) == full)
            {
                return;
            }
        }
    }
}
