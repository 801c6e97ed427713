namespace Realtime.Contracts.Presence;

/// <summary>The directory of presences could not be reached, or gave no answer in time.</summary>
public sealed class PresenceUnavailableException(string message, Exception innerException) : Exception(message, innerException);
