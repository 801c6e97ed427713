using System.Text;
using Npgsql;

namespace Realtime.Postgres.Errors;

/// <summary>Errors of the database as clients see them (tenant-database.md 6.5.3).</summary>
public static class DatabaseErrorText
{
    /// <summary>An error raised by a check of ours, as the database's own <c>RAISE EXCEPTION</c> would look.</summary>
    public static string Raised(string message) => Format("P0001", message);

    /// <summary><c>ERROR 22P02 (invalid_text_representation) …</c>, then the names and the detail that the error carries.</summary>
    public static string Of(PostgresException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        var text = new StringBuilder(Format(error.SqlState, error.MessageText));
        var names = new[] { ("table", error.TableName), ("column", error.ColumnName), ("constraint", error.ConstraintName) }
            .Where(n => !string.IsNullOrEmpty(n.Item2)).ToArray();
        text.Append(names.Length > 0 ? "\n" : "");
        foreach (var (kind, name) in names)
        {
            text.Append("\n    ").Append(kind).Append(": ").Append(name);
        }

        return string.IsNullOrEmpty(error.Detail) ? text.ToString() : text.Append("\n\n").Append(error.Detail).ToString();
    }

    /// <summary>Whether the statement is to blame, and not the server, its resources or an operator.</summary>
    internal static bool IsCausedByStatement(PostgresException error) =>
        error.SqlState is not ['0', '8', ..] and not ['5', '3' or '5' or '7' or '8', ..] and not ['X', 'X', ..] and not ['F', '0', ..];

    internal static string Format(string sqlState, string message) => ErrorConditions.NameOf(sqlState) is { } name
        ? $"ERROR {sqlState} ({name}) {message}"
        : $"ERROR {sqlState} {message}";
}
