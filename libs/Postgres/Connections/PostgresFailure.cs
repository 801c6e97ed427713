using System.Net.Sockets;
using Npgsql;

namespace Realtime.Postgres.Connections;

/// <summary>Tells what went wrong from what Npgsql throws.</summary>
internal static class PostgresFailure
{
    /// <summary>The connection broke or the server is going down or starting up, so that another connection may be better.</summary>
    public static bool IsConnectionLost(NpgsqlException exception) => exception switch
    {
        PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow } => true,
        PostgresException => false,
        _ => exception.InnerException is IOException or SocketException or EndOfStreamException,
    };
}
