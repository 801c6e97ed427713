using System.Net.Sockets;
using Npgsql;

namespace Realtime.TenantAdmin.ControlDatabase;

/// <summary>Tells failures of the control database from bugs, and those that pass by themselves from those that do not.</summary>
internal static class ControlDatabaseFailure
{
    /// <summary>Whether the environment, not our code, is why the control database did not answer.</summary>
    public static bool IsFailure(Exception exception) => exception is NpgsqlException or SocketException or TimeoutException;

    /// <summary>Whether a server that is just starting gives this answer, so that a later attempt may succeed.</summary>
    public static bool IsStarting(Exception exception) => exception switch
    {
        PostgresException e => e.SqlState is PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.InvalidCatalogName,
        _ => IsFailure(exception),
    };

    /// <summary>The reason in one line: PostgreSQL's message, or what the operating system said.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        PostgresException e => $"{e.MessageText} ({e.SqlState})",
        _ when exception.GetBaseException() is { } cause && cause != exception => $"{exception.Message.TrimEnd('.')}: {cause.Message}",
        _ => exception.Message,
    };
}
