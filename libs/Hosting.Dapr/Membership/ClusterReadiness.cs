using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Realtime.Hosting.Dapr.Membership;

/// <summary>What this process still lacks to take part in the cluster, in words for an operator.</summary>
internal sealed class ClusterReadiness : IHealthCheck
{
    /// <summary>The record of this process in the state store.</summary>
    public const string Record = "state store";

    /// <summary>The stream of the inbox.</summary>
    public const string Inbox = "inbox";

    private readonly ConcurrentDictionary<string, string> _missing = new(
        [new(Record, "no slot is leased yet"), new(Inbox, "not opened yet")]);

    /// <summary>Everything is there.</summary>
    public bool IsReady => _missing.IsEmpty;

    /// <summary>Part and reason of what is missing, one each.</summary>
    public IReadOnlyList<string> Missing => [.. _missing.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}")];

    /// <summary>Says what is wrong with a part, or null when it works.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Note(string part, string? reason)
    {
        if (reason is null)
        {
            return _missing.TryRemove(part, out _);
        }

        var isNews = !_missing.TryGetValue(part, out var before) || before != reason;
        _missing[part] = reason;
        return isNews;
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join("; ", Missing)));
}
