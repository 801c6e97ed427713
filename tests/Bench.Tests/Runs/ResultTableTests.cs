using Realtime.Compare;
using Realtime.Load.Measuring;
using Realtime.Load.Runs;

namespace Realtime.Bench.Tests.Runs;

public sealed class ResultTableTests
{
    [Fact]
    public void Targets_are_judged_by_value_and_by_ratio()
    {
        var table = ResultTable.From(
        [
            new PairOfReports(1, Fanout(1_000_000), Fanout(590_000)),
            new PairOfReports(2, Fanout(1_000_000), Fanout(650_000)),
            new PairOfReports(3, Fanout(900_000), Fanout(700_000)),
        ]);

        Assert.Contains("| 1,000,000 | 650,000 | 0.65 | yes |", table.Markdown);
        Assert.False(table.AllReached); // The other measures are missing.
    }

    [Fact]
    public void Losses_are_not_all_right()
    {
        var table = ResultTable.From([new PairOfReports(1, Fanout(1_000_000), Fanout(900_000) with { Lost = 1 })]);

        Assert.Contains("| lost, duplicated, failed | 0, 0, 0 | 0, 0, 0 | 1, 0, 0 | | **no** |", table.Markdown);
    }

    private static LoadReport Fanout(double deliveriesPerSecond) => new()
    {
        Scenario = Scenario.Fanout,
        Protocol = Protocol.Bare,
        Clients = 500,
        Topics = 1,
        Joined = 500,
        JoinsPerSecond = 1,
        DeliveriesPerSecond = deliveriesPerSecond,
        Failures = 0,
    };
}
