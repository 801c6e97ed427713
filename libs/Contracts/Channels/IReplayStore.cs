using Realtime.Contracts.Tenants;

namespace Realtime.Contracts.Channels;

/// <summary>Reads broadcasts that a tenant's database has stored for a private topic (protocol.md 5.7).</summary>
public interface IReplayStore
{
    /// <summary>Most messages one call returns; a larger limit means this one, and one below 1 means 1.</summary>
    const int MaxLimit = 25;

    /// <summary>
    /// The newest messages, oldest first, in the order in which they were inserted. The caller has checked that the member may read.
    /// What the database does wrong is a value, not an exception.
    /// </summary>
    ValueTask<ReplayResult> ReplayAsync(ReplayRequest request, CancellationToken cancellationToken);
}

/// <summary>Which stored broadcasts a member wants.</summary>
/// <param name="Tenant">Whose database.</param>
/// <param name="SubTopic">The topic without its <c>realtime:</c> prefix.</param>
/// <param name="SinceUnixMilliseconds">Inclusive lower bound of the insertion time; any number, also before 1970.</param>
/// <param name="Limit">Any number; clamped to 1…<see cref="IReplayStore.MaxLimit"/>.</param>
public sealed record ReplayRequest(TenantId Tenant, string SubTopic, long SinceUnixMilliseconds, int Limit);
