using System.Text.Json;
using System.Text.Json.Serialization;
using Realtime.Load.Runs;

namespace Realtime.Load.Measuring;

/// <summary>Everything one run measured. What the scenario does not measure, or could not, is null.</summary>
internal sealed record LoadReport
{
    public required Scenario Scenario { get; init; }
    public required Protocol Protocol { get; init; }
    public required int Clients { get; init; }
    public required int Topics { get; init; }

    /// <summary>Clients that became members, over all rounds.</summary>
    public required long Joined { get; init; }

    /// <summary>From the first connect to the last join.</summary>
    public required double JoinsPerSecond { get; init; }

    /// <summary>From connect to join of one client, milliseconds.</summary>
    public LatencySummary? JoinLatency { get; init; }

    /// <summary>CPU of the server per join, milliseconds.</summary>
    public double? ServerCpuMillisecondsPerJoin { get; init; }

    /// <summary>Length of the measured part, seconds.</summary>
    public double? MeasuredSeconds { get; init; }

    public long? Published { get; init; }
    public long? Deliveries { get; init; }
    public double? DeliveriesPerSecond { get; init; }

    /// <summary>From the send of a message to its arrival at one receiver, milliseconds.</summary>
    public LatencySummary? Latency { get; init; }

    /// <summary>The longest that a message was sent after its time, milliseconds: above a few, the client itself was held up.</summary>
    public double? LatestSendMilliseconds { get; init; }

    /// <summary>Deliveries that never came, over the whole run with its warm-up.</summary>
    public long? Lost { get; init; }

    /// <summary>Deliveries that came twice or after a later one, over the whole run with its warm-up.</summary>
    public long? Duplicated { get; init; }

    public double? ServerCpuSeconds { get; init; }
    public double? ServerCpuMicrosecondsPerDelivery { get; init; }
    public long? ServerResidentBytes { get; init; }
    public double? BytesPerIdleClient { get; init; }
    public double? ClientCpuSeconds { get; init; }

    /// <summary>CPU of this program divided by that of this program and the server together.</summary>
    public double? ClientCpuShare { get; init; }

    /// <summary>CPU of this program divided by what all cores of the machine have.</summary>
    public double? ClientMachineShare => ClientCpuSeconds / (MeasuredSeconds * Environment.ProcessorCount);

    /// <summary>Connections and channels that failed or ended though nobody asked.</summary>
    public required long Failures { get; init; }

    public string? FirstFailure { get; init; }

    /// <summary>Nothing failed and nothing was lost or came twice.</summary>
    public bool Clean => Failures == 0 && Lost is (null or 0) && Duplicated is (null or 0);

    public string ToJson() => JsonSerializer.Serialize(this, LoadReportJson.Default.LoadReport);
}

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(LoadReport))]
internal sealed partial class LoadReportJson : JsonSerializerContext;
