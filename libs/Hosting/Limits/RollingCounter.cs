namespace Realtime.Hosting.Limits;

/// <summary>Counts events into buckets of equal length and averages the finished ones (operations.md 4.3).</summary>
/// <remarks>
/// Time starts with the first use, which records an empty bucket at once; then one bucket per period. The running period is not part of
/// the average. Thread-safe and lock-free: a bucket is one word that holds its period and its count, so that adding is one
/// interlocked operation except once per period.
/// </remarks>
internal sealed class RollingCounter
{
    private const int CountBits = 40;
    private const long CountMask = (1L << CountBits) - 1;

    // Half of what fits: threads that add at the same moment cannot carry a full count into the period.
    private const long MaxCount = CountMask >> 1;
    private const long MaxAdd = 1L << 30;
    private const long PeriodMask = (1L << (63 - CountBits)) - 1;

    private readonly long[] _slots;
    private readonly int _buckets;
    private readonly long _period;
    private readonly double _periodSeconds;
    private readonly TimeProvider _time;
    private readonly long _start;

    public RollingCounter(TimeSpan period, int buckets, TimeProvider time)
    {
        _buckets = buckets;
        _periodSeconds = period.TotalSeconds;
        _period = (long)(_periodSeconds * time.TimestampFrequency);
        _time = time;
        _start = time.GetTimestamp();

        // One more than the finished buckets for the running period, and one of slack for a reader that is late.
        _slots = new long[buckets + 2];
        Array.Fill(_slots, -1);
    }

    /// <summary>Mean of the finished buckets, in events per second.</summary>
    public double AveragePerSecond
    {
        get
        {
            var running = RunningPeriod();
            var sum = 0L;
            foreach (ref var slot in _slots.AsSpan())
            {
                var value = Volatile.Read(ref slot);
                if (value >= 0 && Age(running, value) is var age && age >= 1 && age <= _buckets)
                {
                    sum += value & CountMask;
                }
            }

            // After n periods there are n buckets and the empty one of the start.
            return sum / (Math.Min(running + 1, _buckets) * _periodSeconds);
        }
    }

    public void Add(long events)
    {
        events = Math.Clamp(events, 0, MaxAdd);
        var running = RunningPeriod();
        ref var slot = ref _slots[running % _slots.Length];
        var tag = (running & PeriodMask) << CountBits;
        while (true)
        {
            var value = Volatile.Read(ref slot);
            if (value >= 0 && (value & ~CountMask) == tag)
            {
                if ((value & CountMask) < MaxCount)
                {
                    Interlocked.Add(ref slot, events);
                }

                return;
            }

            if (Interlocked.CompareExchange(ref slot, tag | events, value) == value)
            {
                return;
            }
        }
    }

    private long RunningPeriod() => (_time.GetTimestamp() - _start) / _period;

    private static long Age(long running, long slot) => (running - (slot >> CountBits)) & PeriodMask;
}
