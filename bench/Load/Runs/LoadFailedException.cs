namespace Realtime.Load.Runs;

/// <summary>The run could not measure what it should: no connection, refused joins, a target that is not allowed, time over.</summary>
internal sealed class LoadFailedException(string message) : Exception(message);
