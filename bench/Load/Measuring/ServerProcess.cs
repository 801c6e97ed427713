using System.Globalization;

namespace Realtime.Load.Measuring;

/// <summary>What the processes of a server have used so far.</summary>
/// <param name="CpuSeconds">User and system time together.</param>
/// <param name="ResidentBytes">Memory in RAM.</param>
internal readonly record struct ServerUsage(double CpuSeconds, long ResidentBytes);

/// <summary>Reads CPU time and memory of other processes from <c>/proc</c>.</summary>
internal sealed class ServerProcess(IReadOnlyList<int> processIds)
{
    // sysconf(_SC_CLK_TCK): 100 on every Linux architecture that .NET runs on.
    private const double ClockTicksPerSecond = 100;

    /// <summary>The sum over the processes; null when there is none to look at or one of them is gone.</summary>
    public ServerUsage? Sample()
    {
        if (processIds.Count == 0)
        {
            return null;
        }

        double seconds = 0;
        long bytes = 0;
        try
        {
            foreach (var id in processIds)
            {
                // pid (name) state ppid … : the name may hold spaces and parentheses, so count from the last ')'.
                var stat = File.ReadAllText($"/proc/{id}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                seconds += (Number(fields[11]) + Number(fields[12])) / ClockTicksPerSecond;
                bytes += Number(File.ReadAllText($"/proc/{id}/statm").Split(' ')[1]) * Environment.SystemPageSize;
            }
        }
        catch (IOException)
        {
            return null;
        }

        return new ServerUsage(seconds, bytes);
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
