using Microsoft.AspNetCore.Builder;
using Realtime.Bare;
using Realtime.Load.Measuring;
using Realtime.Load.Runs;

namespace Realtime.Bench.Tests.Runs;

/// <summary>The load client against the real yardstick server.</summary>
public sealed class LoadRunTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    public async Task Every_message_reaches_every_client_of_its_topic(double rate)
    {
        await using var server = await StartAsync();

        var report = await RunAsync(Options(server) with { Scenario = Scenario.Fanout, Rate = rate, Clients = 30, Topics = 3, Publishers = 4 });

        Assert.True(report.Clean, report.FirstFailure);
        Assert.Equal(30, report.Joined);
        Assert.True(report.Deliveries > 0);
        Assert.NotNull(report.Latency);
    }

    [Theory]
    [InlineData("Join")]
    [InlineData("Idle")]
    public async Task Clients_that_only_join_do_not_fail(string scenario)
    {
        await using var server = await StartAsync();

        var report = await RunAsync(Options(server) with { Scenario = Enum.Parse<Scenario>(scenario), Clients = 20 });

        Assert.True(report.Clean, report.FirstFailure);
        Assert.True(report.Joined >= 20);
        Assert.NotNull(report.ServerResidentBytes);
    }

    [Fact]
    public async Task Server_that_is_not_there_is_an_error()
    {
        Uri address;
        await using (var server = await StartAsync())
        {
            address = AddressOf(server);
        }

        var failure = await Assert.ThrowsAsync<LoadFailedException>(() => RunAsync(Options(address)));

        Assert.Contains("Connection refused", failure.Message);
    }

    [Fact]
    public async Task Target_that_is_not_this_machine_is_refused()
    {
        var failure = await Assert.ThrowsAsync<LoadFailedException>(() => RunAsync(Options(new Uri("ws://192.0.2.1:80/x"))));

        Assert.Contains("--allow-remote", failure.Message);
    }

    [Fact]
    public async Task Run_ends_at_its_time_limit()
    {
        await using var server = await StartAsync();

        var run = RunAsync(Options(server) with { Duration = TimeSpan.FromHours(1), TimeLimit = TimeSpan.FromMilliseconds(300) });

        await Assert.ThrowsAsync<LoadFailedException>(() => run);
    }

    [Fact]
    public async Task Listening_process_is_found_by_its_port()
    {
        await using var server = await StartAsync();

        Assert.Equal(Environment.ProcessId, ListeningProcess.Find(AddressOf(server).Port));
    }

    private static async Task<WebApplication> StartAsync()
    {
        var server = BareServer.Create(0);
        await server.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    private static Uri AddressOf(WebApplication server) => new(server.Urls.First().Replace("http", "ws", StringComparison.Ordinal) + "/x");

    private static LoadOptions Options(WebApplication server) => Options(AddressOf(server));

    private static LoadOptions Options(Uri url) => new()
    {
        Scenario = Scenario.Fanout,
        Protocol = Protocol.Bare,
        Url = url,
        Clients = 5,
        Warmup = TimeSpan.FromMilliseconds(50),
        Duration = TimeSpan.FromMilliseconds(300),
        ServerProcessIds = [Environment.ProcessId],
    };

    private static Task<LoadReport> RunAsync(LoadOptions options) =>
        Task.Run(() => LoadRun.Run(options, TestContext.Current.CancellationToken));
}
