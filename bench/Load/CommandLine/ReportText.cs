using System.Globalization;
using System.Text;
using Realtime.Load.Measuring;

namespace Realtime.Load.CommandLine;

/// <summary>A report for people.</summary>
internal static class ReportText
{
    public static string From(LoadReport report)
    {
        var text = new StringBuilder();
        Line(text, "run", $"{report.Scenario} {report.Protocol}, {report.Clients} clients, {report.Topics} topics");
        Line(text, "joins", $"{report.JoinsPerSecond:N0}/s, {report.Joined:N0} in all{Suffix(report.ServerCpuMillisecondsPerJoin, "{0:0.000} ms server CPU each")}");
        Latency(text, "join latency", report.JoinLatency);
        if (report.DeliveriesPerSecond is not null)
        {
            Line(text, "deliveries", $"{report.DeliveriesPerSecond:N0}/s, {report.Deliveries:N0} of {report.Published:N0} messages in {report.MeasuredSeconds:0.0} s");
            Latency(text, "latency", report.Latency);
            Line(text, "lost, duplicated", $"{report.Lost:N0}, {report.Duplicated:N0}");
        }

        Value(text, "latest send", report.LatestSendMilliseconds, "{0:0.0} ms after its time");
        Value(text, "server CPU", report.ServerCpuSeconds, "{0:0.00} s" + Suffix(report.ServerCpuMicrosecondsPerDelivery, "{0:0.00} µs per delivery"));
        Value(text, "server memory", report.ServerResidentBytes / 1e6, "{0:0.0} MB" + Suffix(report.BytesPerIdleClient / 1e3, "{0:0.0} KB per idle client"));
        Value(text, "client CPU", report.ClientCpuSeconds, "{0:0.00} s" + Suffix(report.ClientMachineShare * 100, "{0:0} % of the machine") + Suffix(report.ClientCpuShare * 100, "{0:0} % of what client and server used"));
        Line(text, "failures", $"{report.Failures:N0}{(report.FirstFailure is { } failure ? $"; the first: {failure}" : "")}");
        return text.ToString().TrimEnd();
    }

    private static void Latency(StringBuilder text, string name, LatencySummary? latency)
    {
        if (latency is not null)
        {
            Line(text, name, $"p50 {latency.P50:0.00} ms, p95 {latency.P95:0.00} ms, p99 {latency.P99:0.00} ms, max {latency.Max:0.00} ms");
        }
    }

    private static void Value(StringBuilder text, string name, double? value, string format)
    {
        if (value is not null)
        {
            Line(text, name, $"{string.Format(CultureInfo.InvariantCulture, format, value)}");
        }
    }

    private static string Suffix(double? value, string format) =>
        value is null ? "" : ", " + string.Format(CultureInfo.InvariantCulture, format, value);

    private static void Line(StringBuilder text, string name, FormattableString value) =>
        text.Append(name.PadRight(18)).AppendLine(value.ToString(CultureInfo.InvariantCulture));
}
