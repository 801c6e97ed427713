namespace Realtime.Load.Wire;

/// <summary>The server sent bytes that this client does not understand, so the connection is of no more use.</summary>
internal sealed class WireException(string message) : Exception(message);
