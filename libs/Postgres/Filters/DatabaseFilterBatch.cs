using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Realtime.Postgres.Errors;

namespace Realtime.Postgres.Filters;

/// <summary>Comparisons of many rows that only the database can make, answered together. Not thread-safe.</summary>
/// <remarks>
/// One statement whatever the number: <c>select … from unnest($1, $2) …</c> per type and operator, joined by <c>union all</c>. Values and
/// constants travel in array parameters; the SQL holds nothing but names quoted by the database. Text is read in the session's time zone,
/// which should be UTC.
/// </remarks>
public sealed class DatabaseFilterBatch
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Dictionary<(DatabaseQuestion Question, string Value), Truth> _answers = [];
    private readonly List<(DatabaseQuestion Question, string Value)> _pending = [];
    private readonly List<string> _failures = [];

    /// <summary>Whether nothing waits for <see cref="ExecuteAsync"/>.</summary>
    public bool IsEmpty => _pending.Count == 0;

    /// <summary>Number of distinct questions that wait for <see cref="ExecuteAsync"/>.</summary>
    public int Count => _pending.Count;

    /// <summary>What the database said about questions that it refused, in the notation of error texts; those do not match.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>Time for one statement, in seconds.</summary>
    public int TimeoutSeconds { get; init; } = 10;

    /// <summary>Asks everything that waits.</summary>
    /// <remarks>
    /// When one question makes the statement fail, halves of the batch are asked until only that question has no answer. Throws
    /// <see cref="NpgsqlException"/> when the database does not answer at all; the questions wait on then.
    /// </remarks>
    /// <param name="connection">An open, idle connection of a role that can use all types, outside of a transaction.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    public async Task ExecuteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, 0, _pending.Count, cancellationToken);
        _pending.Clear();
    }

    internal void Add(DatabaseQuestion question, ReadOnlySpan<byte> value)
    {
        var key = (question, Utf8.GetString(value));
        if (_answers.TryAdd(key, Truth.Pending))
        {
            _pending.Add(key);
        }
    }

    internal Truth AnswerTo(DatabaseQuestion question, ReadOnlySpan<byte> value) =>
        _answers.GetValueOrDefault((question, Utf8.GetString(value)), Truth.Pending);

    private async Task ExecuteAsync(NpgsqlConnection connection, int start, int count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return;
        }

        try
        {
            await AskAsync(connection, start, count, cancellationToken);
        }
        catch (PostgresException e) when (DatabaseErrorText.IsCausedByStatement(e))
        {
            if (count == 1)
            {
                _answers[_pending[start]] = Truth.Null;
                _failures.Add(DatabaseErrorText.Of(e));
                return;
            }

            await ExecuteAsync(connection, start, count / 2, cancellationToken);
            await ExecuteAsync(connection, start + (count / 2), count - (count / 2), cancellationToken);
        }
    }

    private async Task AskAsync(NpgsqlConnection connection, int start, int count, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand { Connection = connection, CommandTimeout = TimeoutSeconds };
        var sql = new StringBuilder();
        foreach (var shape in Enumerable.Range(start, count).GroupBy(i => _pending[i].Question.Shape))
        {
            sql.Append(sql.Length > 0 ? " union all " : "");
            AppendSelect(sql, command.Parameters, shape.Key, [.. shape]);
        }

        command.CommandText = sql.ToString();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ref var answer = ref CollectionsMarshal.GetValueRefOrNullRef(_answers, _pending[reader.GetInt32(0)]);
            answer = reader.IsDBNull(1) ? Truth.Null : Truths.Of(reader.GetBoolean(1));
        }
    }

    private void AppendSelect(StringBuilder sql, NpgsqlParameterCollection parameters, QuestionShape shape, int[] positions)
    {
        var first = parameters.Count + 1;
        parameters.Add(new NpgsqlParameter { Value = positions, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        parameters.Add(Texts(positions.Select(p => shape.Operand(_pending[p].Value))));
        parameters.Add(Texts(positions.Select(p => _pending[p].Question.Constant)));
        sql.Append(CultureInfo.InvariantCulture,
            $"select q.n, {shape.Compare("q.v", "q.c")} from unnest(${first}, ${first + 1}, ${first + 2}) q(n, v, c)");
    }

    private static NpgsqlParameter Texts(IEnumerable<string> values) =>
        new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
