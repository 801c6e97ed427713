using Realtime.Contracts.Channels;

namespace Realtime.Hosting.InProcess;

/// <summary>Stands in where no service with access to tenant databases runs: private topics answer that the database is unavailable.</summary>
public sealed class UnavailableChannelAuthorizer : IChannelAuthorizer
{
    /// <inheritdoc/>
    public ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.DatabaseUnavailable, null));
}
