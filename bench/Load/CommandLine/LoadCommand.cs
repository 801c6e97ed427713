using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Realtime.Load.Measuring;
using Realtime.Load.Runs;
using Realtime.Load.Wire;

namespace Realtime.Load.CommandLine;

/// <summary>The options of the program and how they become a run.</summary>
internal sealed class LoadCommand
{
    private const string Text = """
        Drives many WebSocket clients from one thread and measures what the server does and what it costs.

        fanout   500 clients on one topic, one of them publishes as fast as it goes. "As fast as it goes" is bounded: a publisher never has
                 more than --window messages under way until the slowest receiver has them, so that no queue of the server overflows.
        latency  200 clients on one topic, one of them publishes 50 messages a second.
        join     1000 clients connect and join, then all close; again until --duration is over. Only connecting and joining is measured.
        idle     2000 clients join and do nothing; memory of the server before and after.

        Publishers are among the clients and get their own messages, too. Every receiver checks the sequence numbers of every publisher.
        Exit status: 0 all well; 1 the run was not possible; 2 something was lost, came twice or failed.
        """;

    private readonly Option<Uri> _url = new("--url") { Description = "ws://host:port/socket, or ws://host:port/<any path> for the bare server.", CustomParser = ParseUrl, DefaultValueFactory = _ => new Uri("ws://127.0.0.1:4000/socket") };
    private readonly Option<Scenario> _scenario = new("--scenario") { Description = "What to do.", DefaultValueFactory = _ => Scenario.Fanout };
    private readonly Option<Protocol> _protocol = new("--protocol") { Description = "What the server speaks." };
    private readonly Option<string> _token = new("--token") { Description = "Token of the clients." };
    private readonly Option<string> _secret = new("--secret") { Description = "Signs a token (HS256) with this secret instead of --token." };
    private readonly Option<string> _claims = new("--claims") { Description = "Claims of that token, a JSON object; exp is added.", DefaultValueFactory = _ => "{\"role\":\"anon\"}" };
    private readonly Option<string> _tenant = new("--tenant") { Description = "Tenant, sent as the Host header: <tenant>.localhost, or as given when it has a dot. Default: the host of the URL." };
    private readonly Option<string> _version = new Option<string>("--vsn") { Description = "Protocol version of the clients.", DefaultValueFactory = _ => "2.0.0" }.AcceptOnlyFromAmong("1.0.0", "2.0.0");
    private readonly Option<int?> _clients = Number("--clients", "Connections; default 500, 200, 1000 or 2000 by scenario.", 1, 60_000);
    private readonly Option<int?> _topics = Number("--topics", "Topics; clients and publishers are dealt out to them in turn. Default 1.", 1, 60_000);
    private readonly Option<int?> _publishers = Number("--publishers", "How many of the clients publish. Default 1.", 1, 60_000);
    private readonly Option<double?> _rate = new("--rate") { Description = "Messages per second and publisher; 0: as fast as it goes. Default 0 for fanout, 50 for latency." };
    private readonly Option<int?> _payload = Number("--payload", "Bytes of the published JSON payload. Default 128.", Stamp.MinPayloadBytes, 100_000);
    private readonly Option<int?> _window = Number("--window", "Messages of one publisher under way at rate 0. Default 256.", 1, 65_536);
    private readonly Option<int?> _concurrency = Number("--concurrency", "Clients that connect and join at the same time. Default 64.", 1, 10_000);
    private readonly Option<double?> _duration = new("--duration") { Description = "Seconds that are measured. Default 10." };
    private readonly Option<double?> _warmup = new("--warmup") { Description = "Seconds before that. Default 2." };
    private readonly Option<double?> _limit = new("--time-limit") { Description = "Seconds after which the run ends with an error, whatever it is doing. Default: duration + warm-up + 60." };
    private readonly Option<int[]> _processes = new("--server-pid") { Description = "Process of the server, for CPU and memory; may be repeated. Default: the process of this machine that listens on the port.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _remote = new("--allow-remote") { Description = "Allow a server that is not on this machine." };
    private readonly Option<bool> _json = new("--json") { Description = "Print the report as JSON." };

    /// <summary>The root command.</summary>
    public RootCommand Create()
    {
        var command = new RootCommand(Text)
        {
            _url, _scenario, _protocol, _token, _secret, _claims, _tenant, _version, _clients, _topics, _publishers, _rate, _payload, _window,
            _concurrency, _duration, _warmup, _limit, _processes, _remote, _json,
        };
        command.Validators.Add(Validate);
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Execute(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private int Execute(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            var report = LoadRun.Run(ReadOptions(parsed), cancellationToken);
            Console.Out.WriteLine(parsed.GetValue(_json) ? report.ToJson() : ReportText.From(report));
            return report.Clean ? 0 : 2;
        }
        catch (Exception failure) when (failure is LoadFailedException or JsonException)
        {
            Console.Error.WriteLine(failure.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return 130;
        }
    }

    internal LoadOptions ReadOptions(ParseResult parsed)
    {
        var scenario = parsed.GetValue(_scenario);
        var url = parsed.GetValue(_url)!;
        var (clients, rate) = scenario switch
        {
            Scenario.Fanout => (500, 0.0),
            Scenario.Latency => (200, 50.0),
            Scenario.Join => (1000, 0.0),
            _ => (2000, 0.0),
        };
        var duration = parsed.GetValue(_duration) ?? 10;
        var warmup = parsed.GetValue(_warmup) ?? 2;
        return new LoadOptions
        {
            Scenario = scenario,
            Protocol = parsed.GetValue(_protocol),
            Url = url,
            Token = Token(parsed),
            Host = parsed.GetValue(_tenant) is { } tenant ? HostOf(tenant) : null,
            Version = parsed.GetValue(_version)!,
            Clients = parsed.GetValue(_clients) ?? clients,
            Topics = parsed.GetValue(_topics) ?? 1,
            Publishers = parsed.GetValue(_publishers) ?? 1,
            Rate = parsed.GetValue(_rate) ?? rate,
            PayloadBytes = parsed.GetValue(_payload) ?? 128,
            Window = parsed.GetValue(_window) ?? 256,
            Concurrency = parsed.GetValue(_concurrency) ?? 64,
            Duration = TimeSpan.FromSeconds(duration),
            Warmup = TimeSpan.FromSeconds(warmup),
            TimeLimit = TimeSpan.FromSeconds(parsed.GetValue(_limit) ?? duration + warmup + 60),
            ServerProcessIds = Processes(parsed, url),
            AllowRemote = parsed.GetValue(_remote),
        };
    }

    private string Token(ParseResult parsed) =>
        parsed.GetValue(_token) ??
        (parsed.GetValue(_secret) is { } secret ? ClientToken.Sign(secret, parsed.GetValue(_claims)!, TimeProvider.System.GetUtcNow()) : "");

    private int[] Processes(ParseResult parsed, Uri url) =>
        parsed.GetValue(_processes) is { Length: > 0 } given ? given
        : url.IsLoopback && ListeningProcess.Find(url.Port) is { } found ? [found]
        : [];

    private void Validate(CommandResult result)
    {
        if (result.GetValue(_protocol) == Protocol.Realtime && result.GetValue(_token) is null && result.GetValue(_secret) is null)
        {
            result.AddError("The realtime protocol needs --token or --secret.");
        }

        var clients = result.GetValue(_clients) ?? int.MaxValue;
        if (result.GetValue(_topics) > clients || result.GetValue(_publishers) > clients)
        {
            result.AddError("There must be at least as many clients as topics and as publishers.");
        }

        foreach (var (option, least) in new[] { (_rate, 0.0), (_duration, 0.1), (_warmup, 0.0), (_limit, 1.0) })
        {
            if (result.GetValue(option) is { } value && !(value >= least && value <= 3600))
            {
                result.AddError($"{option.Name} must be between {least} and 3600.");
            }
        }
    }

    private static string HostOf(string tenant) => tenant.Contains('.') ? tenant : $"{tenant}.localhost";

    private static Option<int?> Number(string name, string description, int least, int most)
    {
        var option = new Option<int?>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && (value < least || value > most))
            {
                result.AddError($"{name} must be between {least} and {most}.");
            }
        });
        return option;
    }

    private static Uri? ParseUrl(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeWs)
        {
            return url;
        }

        result.AddError($"{text} is no ws:// address. TLS would measure the cipher: connect behind it.");
        return null;
    }
}
