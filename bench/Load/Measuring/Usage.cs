namespace Realtime.Load.Measuring;

/// <summary>CPU time as differences.</summary>
internal static class Usage
{
    /// <summary>User and system time of this process so far.</summary>
    public static double OwnCpuSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>CPU seconds between two samples; null when one of them is missing.</summary>
    public static double? Difference(ServerUsage? before, ServerUsage? after) => after?.CpuSeconds - before?.CpuSeconds;
}
