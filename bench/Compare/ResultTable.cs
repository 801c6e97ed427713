using System.Globalization;
using System.Text;
using Realtime.Load.Measuring;
using Realtime.Load.Runs;

namespace Realtime.Compare;

/// <summary>The measures, their targets and what came out, as Markdown.</summary>
internal sealed record ResultTable(string Markdown, bool AllReached)
{
    private static readonly Measure[] Measures =
    [
        new(Scenario.Fanout, "fan-out, 500 receivers, as fast as it goes, deliveries/s", "≥ 600,000 and ≥ 60 % of bare", "N0",
            r => r.DeliveriesPerSecond, (ours, ratio) => ours >= 600_000 && ratio >= 0.6),
        new(Scenario.Latency, "200 receivers × 50 msg/s: p50, ms", "", "0.00", r => r.Latency?.P50, null),
        new(Scenario.Latency, "200 receivers × 50 msg/s: p99, ms", "≤ 1.5 × bare", "0.00", r => r.Latency?.P99, (_, ratio) => ratio <= 1.5),
        new(Scenario.Latency, "server CPU per delivery in that run, µs", "≤ 22", "0.0",
            r => r.ServerCpuMicrosecondsPerDelivery, (ours, _) => ours <= 22),
        new(Scenario.Join, "joins/s", "≥ 2,000", "N0", r => r.JoinsPerSecond, (ours, _) => ours >= 2000),
        new(Scenario.Join, "server CPU per join, ms", "≤ 0.8", "0.000", r => r.ServerCpuMillisecondsPerJoin, (ours, _) => ours <= 0.8),
        new(Scenario.Idle, "memory per idle joined client, KB", "≤ 20", "0.0", r => r.BytesPerIdleClient / 1000, (ours, _) => ours <= 20),
    ];

    /// <summary>Takes medians: of the values for their columns, and of the ratios of each round for the ratio.</summary>
    public static ResultTable From(IReadOnlyList<PairOfReports> pairs)
    {
        var text = new StringBuilder();
        text.AppendLine("| measure | target | bare | ours | ratio | ok |").AppendLine("|---|---|---|---|---|---|");
        var reached = true;
        foreach (var measure in Measures)
        {
            var of = pairs.Where(p => p.Ours.Scenario == measure.Scenario).ToList();
            var bare = Median(of.Select(p => measure.Value(p.Bare)));
            var ours = Median(of.Select(p => measure.Value(p.Ours)));
            var ratio = Median(of.Select(p => measure.Value(p.Ours) / measure.Value(p.Bare)));
            var ok = measure.IsReached is null ? (bool?)null : ours is { } o && measure.IsReached(o, ratio ?? double.NaN);
            reached &= ok != false;
            text.AppendLine(
                $"| {measure.Name} | {measure.Target} | {Format(bare, measure.Format)} | {Format(ours, measure.Format)} | {Format(ratio, "0.00")} | {Word(ok)} |");
        }

        reached &= AppendCleanness(text, pairs);
        return new ResultTable(text.ToString().TrimEnd(), reached);
    }

    private static bool AppendCleanness(StringBuilder text, IReadOnlyList<PairOfReports> pairs)
    {
        var (bare, ours) = (pairs.Select(p => p.Bare).ToList(), pairs.Select(p => p.Ours).ToList());
        var ok = ours.TrueForAll(r => r.Clean);
        text.AppendLine(CultureInfo.InvariantCulture, $"| lost, duplicated, failed | 0, 0, 0 | {Troubles(bare)} | {Troubles(ours)} | | {Word(ok)} |");
        foreach (var report in bare.Concat(ours).Where(r => r.FirstFailure is not null))
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{report.Scenario} on {report.Protocol}: {report.FirstFailure}");
        }

        return ok;
    }

    private static string Troubles(List<LoadReport> reports) => string.Create(CultureInfo.InvariantCulture,
        $"{reports.Sum(r => r.Lost ?? 0)}, {reports.Sum(r => r.Duplicated ?? 0)}, {reports.Sum(r => r.Failures)}");

    private static double? Median(IEnumerable<double?> values)
    {
        var sorted = values.OfType<double>().Order().ToArray();
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Format(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    private static string Word(bool? ok) => ok switch { true => "yes", false => "**no**", null => "" };

    private sealed record Measure(
        Scenario Scenario,
        string Name,
        string Target,
        string Format,
        Func<LoadReport, double?> Value,
        Func<double, double, bool>? IsReached);
}
