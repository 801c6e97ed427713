using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Realtime.Postgres.Errors;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>The checks of all conditions of one filter (tenant-database.md 6.4). The error is that of the first bad condition.</summary>
/// <param name="filter">The filter.</param>
/// <param name="columns">The columns that the role may read; those of the filter with their types.</param>
internal sealed class FilterChecks(FilterGroup filter, Dictionary<string, FilterColumn?> columns)
{
    private const int TimeoutSeconds = 10;
    private const string InvalidRegularExpression = "2201B";

    // Their meaning changes from day to day, so the database reads them anew with each question.
    private static readonly string[] RelativeTimes = ["now", "today", "tomorrow", "yesterday"];

    /// <summary>What is wrong; null when all conditions are good.</summary>
    public string? Error { get; private set; }

    /// <summary>All conditions of a filter from left to right, at any depth.</summary>
    public static IEnumerable<FilterCondition> ConditionsOf(FilterExpression expression) => expression switch
    {
        FilterCondition condition => [condition],
        FilterGroup group => group.Members.SelectMany(ConditionsOf),
        _ => [],
    };

    /// <summary>Checks the conditions, the database's part in one round trip, and binds them.</summary>
    public async Task<Dictionary<FilterCondition, CompiledCondition>> RunAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var compiled = new Dictionary<FilterCondition, CompiledCondition>();
        var asked = new List<(FilterCondition Condition, FilterColumn Column)>();
        string? ownError = null;
        foreach (var condition in ConditionsOf(filter).Distinct())
        {
            var column = columns.GetValueOrDefault(condition.Column);
            ownError = column is null ? $"invalid column for filter {condition.Column}" : Unsuitable(condition, column.Type);
            if (ownError is not null)
            {
                break;
            }

            if (condition.Operator == FilterOperator.Is)
            {
                compiled.Add(condition, new CompiledCondition(condition, column!, null));
            }
            else
            {
                asked.Add((condition, column!));
            }
        }

        // The database comes first: it judges the conditions before the one that is bad by our own rules.
        await AskAsync(connection, asked, compiled, cancellationToken);
        Error ??= ownError is null ? null : DatabaseErrorText.Raised(ownError);
        return compiled;
    }

    private static string? Unsuitable(FilterCondition condition, ColumnType type)
    {
        var needed = condition.Operator switch
        {
            FilterOperator.Like or FilterOperator.ILike => TypeOperators.Like,
            FilterOperator.Match => TypeOperators.Match,
            FilterOperator.IMatch => TypeOperators.MatchIgnoringCase,
            _ => TypeOperators.None,
        };
        return (condition.Operator, condition.Value) switch
        {
            (FilterOperator.Is, "null") => null,
            (FilterOperator.Is, "true" or "false" or "unknown") => type.Oid == WellKnownTypes.Boolean
                ? null
                : $"is {condition.Value} filter requires a boolean column, got {type.SqlName}",
            (FilterOperator.Is, _) => "invalid value for is filter: must be null, true, false, or unknown",
            _ when (type.Operators & needed) != needed =>
                $"operator {condition.Operator.ToName()} requires a text-compatible column type, got {type.SqlName}",
            _ => null,
        };
    }

    private async Task AskAsync(
        NpgsqlConnection connection, List<(FilterCondition Condition, FilterColumn Column)> asked,
        Dictionary<FilterCondition, CompiledCondition> compiled, CancellationToken cancellationToken)
    {
        if (asked.Count == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection) { Timeout = TimeoutSeconds };
        foreach (var (condition, column) in asked)
        {
            var command = new NpgsqlBatchCommand(CheckSql(QuestionShape.Of(column, condition)));
            command.Parameters.Add(new NpgsqlParameter { Value = condition.Value, NpgsqlDbType = NpgsqlDbType.Text });
            batch.BatchCommands.Add(command);
        }

        var next = 0;
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            while (next < asked.Count)
            {
                await reader.ReadAsync(cancellationToken);
                Accept(asked[next].Condition, asked[next].Column, reader.GetFieldValue<string?[]>(0), reader.GetInt32(1), compiled);
                next++;
                await reader.NextResultAsync(cancellationToken);
            }
        }
        catch (PostgresException e) when (DatabaseErrorText.IsCausedByStatement(e))
        {
            // What was accepted with an error of ours came before.
            Error ??= Describe(e, asked[next].Condition.Operator);
        }
    }

    private void Accept(
        FilterCondition condition, FilterColumn column, string?[] constants, int length, Dictionary<FilterCondition, CompiledCondition> compiled)
    {
        var endsInEscape = condition.Operator is FilterOperator.Like or FilterOperator.ILike
            && column.Type.Oid != WellKnownTypes.Bytea && LikePattern.EndsInEscape(condition.Value);
        Error ??= length > FilterCompiler.MaxListElements
            ? DatabaseErrorText.Raised(string.Create(CultureInfo.InvariantCulture,
                $"too many values for `in` filter. Maximum {FilterCompiler.MaxListElements}"))
            : endsInEscape ? DatabaseErrorText.Format("22025", "LIKE pattern must not end with escape character") : null;
        var isRelative = RelativeTimes.Any(t => condition.Value.Contains(t, StringComparison.OrdinalIgnoreCase));
        var known = isRelative && !IsPlainText(column.Type) ? null : constants;
        compiled.Add(condition, new CompiledCondition(condition, column, known));
    }

    private static string Describe(PostgresException error, FilterOperator filterOperator) => error.SqlState == InvalidRegularExpression
            ? DatabaseErrorText.Raised($"invalid regular expression for {filterOperator.ToName()} filter: {error.MessageText}")
            : DatabaseErrorText.Of(error);

    // Reads the constant as its type, runs the operator once so that a missing one is met now, and prints the constant back. The constant
    // stands in for a value of the column too: a domain may forbid NULL. The elements of a list on an array column are no arrays, though.
    private static string CheckSql(QuestionShape shape)
    {
        const string Print = "array[pg_catalog.format('%s', x)], 1";
        const string PrintList = "array(select case when e is not null then pg_catalog.format('%s', e) end from pg_catalog.unnest(x) e), " +
            "coalesce(pg_catalog.array_length(x, 1), 0)";
        var value = shape.IsPattern ? "''::pg_catalog.text" : shape.Operator == FilterOperator.In && shape.Type != shape.ConstantType ? "x[1]" : "x";
        return $"select {(shape.Operator == FilterOperator.In ? PrintList : Print)}, {shape.Compare(value, "x")} " +
            $"from (select ($1)::pg_catalog.text::{shape.ConstantType}) constant(x)";
    }

    private static bool IsPlainText(ColumnType type) => type.Storage.Oid is WellKnownTypes.Text or WellKnownTypes.VarChar
        or WellKnownTypes.BlankPadded or WellKnownTypes.Name || !type.Storage.Labels.IsEmpty;
}
