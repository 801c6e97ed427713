using System.Globalization;
using System.Security.Cryptography;
using Realtime.Load.CommandLine;
using Realtime.Load.Measuring;
using Realtime.Load.Runs;

namespace Realtime.Compare;

/// <summary>Runs every scenario on both servers, alternating, and prints the table.</summary>
internal static class Comparison
{
    private const string Tenant = "bench";

    /// <returns>Exit status: 0 when every target is reached, 1 when something could not be measured, 2 otherwise.</returns>
    public static async Task<int> RunAsync(Uri bare, Uri realtime, bool quick, TextWriter output, CancellationToken cancellationToken)
    {
        try
        {
            var secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
            await BenchTenant.CreateAsync(realtime, Tenant, secret, cancellationToken);
            var yardstick = new LoadOptions
            {
                Scenario = Scenario.Idle,
                Protocol = Protocol.Bare,
                Url = bare,
                Clients = 1,
                ServerProcessIds = [ProcessOf(bare)],
            };
            var ours = yardstick with
            {
                Protocol = Protocol.Realtime,
                Url = new UriBuilder(realtime) { Scheme = "ws", Path = "/socket" }.Uri,
                Host = $"{Tenant}.localhost",
                Token = ClientToken.Sign(secret, "{\"role\":\"anon\"}", TimeProvider.System.GetUtcNow()),
                ServerProcessIds = [ProcessOf(realtime)],
            };
            var loadBefore = await ReadLoadAverageAsync(cancellationToken);
            var rounds = Measure(yardstick, ours, quick, cancellationToken);
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, load average before the run {loadBefore}, medians of up to {rounds.Max(r => r.Round)} rounds."));
            await output.WriteLineAsync();
            var table = ResultTable.From(rounds);
            await output.WriteLineAsync(table.Markdown);
            return table.AllReached ? 0 : 2;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 130;
        }
        catch (Exception failure) when (failure is LoadFailedException or HttpRequestException or TaskCanceledException)
        {
            await Console.Error.WriteLineAsync(failure.Message); // A cancelled task is a request that timed out.
            return 1;
        }
    }

    private static List<PairOfReports> Measure(LoadOptions yardstick, LoadOptions ours, bool quick, CancellationToken cancellationToken)
    {
        var reports = new List<PairOfReports>();
        foreach (var plan in Plan.All(quick))
        {
            for (var round = 1; round <= plan.Rounds; round++)
            {
                Console.Error.WriteLine($"{plan.Options(yardstick).Scenario}, round {round} of {plan.Rounds} ...");
                reports.Add(new PairOfReports(
                    round,
                    LoadRun.Run(plan.Options(yardstick), cancellationToken),
                    LoadRun.Run(plan.Options(ours), cancellationToken)));
            }
        }

        return reports;
    }

    private static int ProcessOf(Uri url) =>
        ListeningProcess.Find(url.Port) ?? throw new LoadFailedException($"No process of this machine listens on port {url.Port}.");

    private static async Task<string> ReadLoadAverageAsync(CancellationToken cancellationToken) =>
        (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Split(' ')[0];
}
