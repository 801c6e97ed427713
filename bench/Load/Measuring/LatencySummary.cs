using System.Diagnostics;
using HdrHistogram;

namespace Realtime.Load.Measuring;

/// <summary>Percentiles of a latency, in milliseconds.</summary>
internal sealed record LatencySummary(double P50, double P95, double P99, double Max)
{
    /// <summary>A histogram that keeps three digits of Stopwatch ticks up to a minute.</summary>
    public static LongHistogram CreateHistogram() => new(Stopwatch.Frequency * 60, 3);

    /// <summary>Records a latency; a value outside the range counts as the nearest that is inside.</summary>
    public static void Record(LongHistogram histogram, long ticks) => histogram.RecordValue(Math.Clamp(ticks, 0, Stopwatch.Frequency * 60));

    /// <summary>The percentiles; null when nothing was recorded.</summary>
    public static LatencySummary? From(LongHistogram histogram) => histogram.TotalCount == 0 ? null : new LatencySummary(
        Milliseconds(histogram.GetValueAtPercentile(50)),
        Milliseconds(histogram.GetValueAtPercentile(95)),
        Milliseconds(histogram.GetValueAtPercentile(99)),
        Milliseconds(histogram.GetMaxValue()));

    private static double Milliseconds(long ticks) => Math.Round(ticks * 1000.0 / Stopwatch.Frequency, 3);
}
