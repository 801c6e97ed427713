using Realtime.Load.Runs;

namespace Realtime.Compare;

/// <summary>One scenario and how often it is measured.</summary>
internal sealed record Plan(int Rounds, Func<LoadOptions, LoadOptions> Options)
{
    /// <summary>The scenarios in their order.</summary>
    /// <remarks>Idle comes first and once: later, both servers have memory left over that new clients would reuse.</remarks>
    public static IReadOnlyList<Plan> All(bool quick)
    {
        var rounds = quick ? 1 : 3;
        var (shorter, longer) = (TimeSpan.FromSeconds(quick ? 4 : 8), TimeSpan.FromSeconds(quick ? 8 : 15));
        return
        [
            new(1, o => o with { Scenario = Scenario.Idle, Clients = 2000, Duration = shorter, Warmup = TimeSpan.FromSeconds(3) }),
            new(rounds, o => o with { Scenario = Scenario.Join, Clients = 1000, Duration = shorter }),
            new(rounds, o => o with { Scenario = Scenario.Latency, Clients = 200, Rate = 50, Duration = longer }),
            new(rounds, o => o with { Scenario = Scenario.Fanout, Clients = 500, Duration = longer, Warmup = TimeSpan.FromSeconds(3) }),
        ];
    }
}
