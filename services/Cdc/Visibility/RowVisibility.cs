using System.Data;
using System.Globalization;
using System.Runtime.CompilerServices;
using Npgsql;
using NpgsqlTypes;
using Realtime.Cdc.Tables;
using Realtime.Postgres.Errors;

namespace Realtime.Cdc.Visibility;

/// <summary>Asks a tenant's database what row-level security lets viewers see (tenant-database.md 6.8).</summary>
/// <remarks>
/// All questions travel in one round trip, in one read-only transaction in which role and claims are set before each question. A question
/// that fails ends the transaction; the ones behind it are to be asked again without it.
/// </remarks>
internal static class RowVisibility
{
    private const int MaxQuestionsPerTrip = 256;

    private const string SetLimits =
        "select pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('lock_timeout', $1, true)";

    private const string SetViewer =
        "select pg_catalog.set_config('role', $1, true), pg_catalog.set_config('request.jwt.claims', $2, true)";

    private static readonly ConditionalWeakTable<TableModel, string> Queries = [];

    /// <summary>Answers questions up to the first that fails, or as many as one trip takes.</summary>
    /// <param name="connection">An open, idle connection that nobody else uses.</param>
    /// <param name="questions">Those dealt with get their answer, the last of them its error if it failed.</param>
    /// <param name="timeout">Longest time for each question.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    /// <returns>How many were dealt with; at least one.</returns>
    /// <exception cref="NpgsqlException">The connection broke.</exception>
    public static async Task<int> AskAsync(
        NpgsqlConnection connection, IReadOnlyList<VisibilityQuestion> questions, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var end = Math.Min(MaxQuestionsPerTrip, questions.Count);
        var current = 0;
        try
        {
            await using var batch = CreateBatch(connection, questions, end, timeout);
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);

            // Result sets: the limits, then viewer and rows for each question. BEGIN and COMMIT have none.
            while (current < end)
            {
                await reader.NextResultAsync(cancellationToken);
                await reader.NextResultAsync(cancellationToken);
                var question = questions[current];
                var visible = new bool[question.Count];
                while (await reader.ReadAsync(cancellationToken))
                {
                    visible[reader.GetInt64(0) - 1] = true;
                }

                question.Visible = visible;
                current++;
            }

            await reader.NextResultAsync(cancellationToken);
            return end;
        }
        catch (PostgresException e) when (connection.State == ConnectionState.Open)
        {
            await RollBackAsync(connection, cancellationToken);
            if (current == end)
            {
                // Everything was answered and only the end of the transaction failed, which nobody depends on.
                return end;
            }

            questions[current].Error = DatabaseErrorText.Of(e);
            return current + 1;
        }
    }

    private static NpgsqlBatch CreateBatch(NpgsqlConnection connection, IReadOnlyList<VisibilityQuestion> questions, int count, TimeSpan timeout)
    {
        var milliseconds = ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        var batch = new NpgsqlBatch(connection)
        {
            // The server ends each question; this is for a server that does not answer any more.
            Timeout = (int)Math.Ceiling((timeout * (count + 1)).TotalSeconds) + 5,
            BatchCommands = { new("begin transaction read only"), new(SetLimits) { Parameters = { Text(milliseconds) } } },
        };
        for (var i = 0; i < count; i++)
        {
            var question = questions[i];
            batch.BatchCommands.Add(new(SetViewer) { Parameters = { Text(question.Viewer.Role), Text(question.Viewer.Claims) } });
            var rows = new NpgsqlBatchCommand(Queries.GetValue(question.Table, QueryFor));
            foreach (var column in question.Keys)
            {
                rows.Parameters.Add(new NpgsqlParameter { Value = column, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            }

            batch.BatchCommands.Add(rows);
        }

        batch.BatchCommands.Add(new("commit"));
        return batch;
    }

    // A lateral query with a limit looks every key up by itself: the index of the key is used however large the table is.
    private static string QueryFor(TableModel table)
    {
        var keys = table.Key;
        var arrays = string.Join(", ", keys.Select((_, i) => $"pg_catalog.unnest(${i + 1}::pg_catalog.text[])"));
        var names = string.Join(", ", keys.Select((_, i) => $"k{i}"));
        var condition = string.Join(" and ", keys.Select((c, i) => $"t.{SqlIdentifier.Quote(c.Name)} = k.k{i}::{c.Type.QuotedName}"));
        return $"select k.n from rows from ({arrays}) with ordinality as k({names}, n), " +
            $"lateral (select from {table.QuotedName} t where {condition} limit 1) found";
    }

    private static async Task RollBackAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("rollback", connection) { CommandTimeout = 5 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Text(string value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text };
}
