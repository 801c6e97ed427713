namespace Realtime.Contracts.Channels;

/// <summary>What the database said.</summary>
/// <param name="Granted">The checked permissions that the policies grant; none unless <paramref name="Error"/> is <see cref="ChannelAuthorizationError.None"/>.</param>
/// <param name="Error">Why there is no answer; none when the database answered.</param>
/// <param name="Detail">The database's own words, for logs and join replies; null when there are none.</param>
public readonly record struct ChannelAuthorization(ChannelPermissions Granted, ChannelAuthorizationError Error, string? Detail);
