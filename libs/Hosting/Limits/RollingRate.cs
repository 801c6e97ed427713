namespace Realtime.Hosting.Limits;

/// <summary>Requests per second: the mean over up to 60 buckets of one second, without the unfinished one (http-api.md section 4).</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class RollingRate(TimeProvider time)
{
    private readonly RollingCounter _counter = new(TimeSpan.FromSeconds(1), 60, time);

    /// <summary>Events per second.</summary>
    public double AveragePerSecond => _counter.AveragePerSecond;

    /// <summary>Counts events that happen now.</summary>
    public void Add(long events) => _counter.Add(events);
}
