using Realtime.Contracts.Channels;

namespace Realtime.Hosting.InProcess;

/// <summary>Stands in where no service with access to tenant databases runs: nothing can be replayed.</summary>
public sealed class UnavailableReplayStore : IReplayStore
{
    /// <inheritdoc/>
    public ValueTask<ReplayResult> ReplayAsync(ReplayRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ReplayResult([], ReplayError.Failed, null));
}
