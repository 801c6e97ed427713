namespace Realtime.Load.Runs;

/// <summary>What a run does.</summary>
internal enum Scenario
{
    /// <summary>Publishers send as fast as a bounded window allows.</summary>
    Fanout,

    /// <summary>Publishers send at a fixed rate.</summary>
    Latency,

    /// <summary>All clients connect and join, close, and begin again until the time is over.</summary>
    Join,

    /// <summary>All clients join and then do nothing.</summary>
    Idle,
}

/// <summary>What the server speaks.</summary>
internal enum Protocol
{
    /// <summary>The Realtime protocol.</summary>
    Realtime,

    /// <summary>The yardstick server: a path is a topic and every message goes to all of it.</summary>
    Bare,
}

/// <summary>One run, with every choice made.</summary>
internal sealed record LoadOptions
{
    public required Scenario Scenario { get; init; }
    public required Protocol Protocol { get; init; }

    /// <summary><c>ws://host:port/path</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>Token of the clients; empty for the bare protocol.</summary>
    public string Token { get; init; } = "";

    /// <summary>Value of the <c>Host</c> header; null takes it from the URL.</summary>
    public string? Host { get; init; }

    /// <summary><c>1.0.0</c> or <c>2.0.0</c>.</summary>
    public string Version { get; init; } = "2.0.0";

    public required int Clients { get; init; }

    /// <summary>Clients are dealt out to the topics in turn.</summary>
    public int Topics { get; init; } = 1;

    /// <summary>How many of the clients publish; dealt out to the topics in turn.</summary>
    public int Publishers { get; init; } = 1;

    /// <summary>Messages per second and publisher; 0 sends as fast as <see cref="Window"/> allows.</summary>
    public double Rate { get; init; }

    public int PayloadBytes { get; init; } = 128;

    /// <summary>Messages of one publisher that may be under way until the slowest receiver has them.</summary>
    public int Window { get; init; } = 256;

    /// <summary>Clients that connect and join at the same time.</summary>
    public int Concurrency { get; init; } = 64;

    public TimeSpan Warmup { get; init; } = TimeSpan.FromSeconds(2);
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The run ends with an error after this time, whatever it is doing.</summary>
    public TimeSpan TimeLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Processes whose CPU and memory are measured; empty for none.</summary>
    public IReadOnlyList<int> ServerProcessIds { get; init; } = [];

    /// <summary>Allows a server that is not on this machine.</summary>
    public bool AllowRemote { get; init; }
}
