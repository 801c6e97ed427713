namespace Realtime.Contracts.Channels;

/// <summary>Asks a tenant's row-level security what a user may do on a topic (http-api.md 8.4).</summary>
public interface IChannelAuthorizer
{
    /// <summary>Tries the policies of <c>realtime.messages</c> with the user's claims; leaves nothing behind.</summary>
    /// <returns>What is granted, or why the database did not say. Failures of the tenant's database are results, not exceptions.</returns>
    ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken);
}
