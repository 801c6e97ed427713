using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.ControlDatabase;

namespace Realtime.TenantAdmin.FeatureFlags;

/// <summary>Answers whether a flag is on, from a cache with the lifetime of cached tenants (control-database.md sections 12 and 13).</summary>
/// <remarks>
/// An unknown flag is cached as absent. A lookup that fails counts as absent but is not remembered. Flag names come from our code, never
/// from callers, so the cache is small.
/// </remarks>
internal sealed partial class FlagResolver(
    ControlConnections connections, TenantSettings settings, TimeProvider time, ILogger<FlagResolver> logger)
{
    private readonly ConcurrentDictionary<string, Cached> _cache = new(StringComparer.Ordinal);

    /// <summary>Whether the flag is on at all; the rollout percentage plays no part.</summary>
    public async ValueTask<bool> IsEnabledAsync(string flag, CancellationToken cancellationToken) =>
        await FindAsync(flag, cancellationToken) is { Enabled: true };

    /// <summary>Whether the flag is on for a tenant. Without such a flag it is off, whatever the tenant's overrides say.</summary>
    /// <param name="flag">Name of the flag.</param>
    /// <param name="externalId">The tenant.</param>
    /// <param name="overrides">The tenant's <c>feature_flags</c> as JSON text; null for an unknown tenant.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<bool> IsEnabledForAsync(string flag, string externalId, string? overrides, CancellationToken cancellationToken) =>
        await FindAsync(flag, cancellationToken) is { } found && found.IsOnFor(externalId, Override(overrides, flag));

    /// <summary>Creates the flag or replaces its values.</summary>
    public async Task UpsertAsync(FeatureFlag flag, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            """
            insert into feature_flags (id, name, enabled, rollout_percentage, bucket_key, inserted_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $6)
            on conflict (name) do update set enabled = excluded.enabled, rollout_percentage = excluded.rollout_percentage,
              bucket_key = excluded.bucket_key, updated_at = excluded.updated_at
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.NewGuid() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = flag.Name });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = flag.Enabled });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = flag.RolloutPercentage });
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Varchar, Value = (object?)flag.BucketKey ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = ControlClock.Now(time) });
        await command.ExecuteNonQueryAsync(cancellationToken);
        _cache.TryRemove(flag.Name, out _);
    }

    private static bool? Override(string? overrides, string flag) =>
        overrides is not null && JsonElement.Parse(overrides) is { ValueKind: JsonValueKind.Object } flags && flags.TryGetProperty(flag, out var value)
            ? value.ValueKind == JsonValueKind.True
            : null;

    private async ValueTask<FeatureFlag?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (_cache.TryGetValue(name, out var cached) && time.GetElapsedTime(cached.ReadAt) < settings.CacheExpiration)
        {
            return cached.Flag;
        }

        try
        {
            var flag = await ReadAsync(name, cancellationToken);
            _cache[name] = new Cached(flag, time.GetTimestamp());
            return flag;
        }
        catch (Exception e) when (ControlDatabaseFailure.IsFailure(e))
        {
            Log.Failed(logger, name, ControlDatabaseFailure.Reason(e));
            return null;
        }
    }

    private async Task<FeatureFlag?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        await using var connection = await connections.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            "select name, enabled, rollout_percentage, bucket_key from feature_flags where name = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new FeatureFlag(reader.GetString(0), reader.GetBoolean(1), reader.GetInt32(2), reader.IsDBNull(3) ? null : reader.GetString(3))
            : null;
    }

    private sealed record Cached(FeatureFlag? Flag, long ReadAt);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Feature flag {Flag} could not be looked up and counts as off: {Reason}.")]
        public static partial void Failed(ILogger logger, string flag, string reason);
    }
}
