using System.Collections.Immutable;
using System.Text;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>A condition bound to a column: answers by itself where that is exact, else poses a question to the database.</summary>
internal sealed class CompiledCondition
{
    private readonly FilterCondition _source;
    private readonly FilterColumn _column;
    private readonly ImmutableArray<Comparand?> _comparands;
    private readonly byte[]? _likePattern;
    private readonly DatabaseQuestion? _question;
    private readonly bool _listIsEmpty;

    /// <param name="source">The condition, checked by the database.</param>
    /// <param name="column">Its column.</param>
    /// <param name="constants">
    /// The constant, or the elements of the list (null for NULL), as the database prints them; null when they must be read anew with each
    /// question because they depend on the time.
    /// </param>
    public CompiledCondition(FilterCondition source, FilterColumn column, IReadOnlyList<string?>? constants)
    {
        (_source, _column) = (source, column);
        _listIsEmpty = source.Operator == FilterOperator.In && constants is { Count: 0 };
        if (source.Operator == FilterOperator.Is)
        {
            return;
        }

        _question = new DatabaseQuestion(QuestionShape.Of(column, source), source.Value);
        if (source.Operator == FilterOperator.Like && column.EqualityIsBytewise
            && column.Type.Oid is WellKnownTypes.Text or WellKnownTypes.Name or WellKnownTypes.BlankPadded)
        {
            _likePattern = Encoding.UTF8.GetBytes(source.Value);
        }
        else if (constants is not null && source.Operator is not (FilterOperator.Like or FilterOperator.ILike or FilterOperator.Match or FilterOperator.IMatch))
        {
            var ordered = source.Operator is FilterOperator.Less or FilterOperator.LessOrEqual or FilterOperator.Greater or FilterOperator.GreaterOrEqual;
            var comparands = constants.Select(c => c is null ? null : Comparand.TryCreate(column, ordered, c)).ToImmutableArray();
            var isExact = comparands.Zip(constants).All(c => c.First is not null || c.Second is null);
            _comparands = isExact ? comparands : default;
        }
    }

    /// <summary>Name of the column.</summary>
    public string Column => _column.Name;

    /// <summary>When the condition demands one of some exactly known texts of its column: those texts.</summary>
    public IReadOnlyList<EqualityKey>? Keys =>
        !_source.Negated && _source.Operator is FilterOperator.Equal or FilterOperator.In && !_comparands.IsDefaultOrEmpty
        && _comparands.All(c => c is null || c.Key is not null)
            ? [.. _comparands.Where(c => c is not null).Select(c => c!.Key!)]
            : null;

    /// <summary>Truth of the condition for a row; <see cref="Truth.Pending"/> when the database must be asked and no answer is given.</summary>
    public Truth Evaluate(in RowImage row, DatabaseFilterBatch? answers)
    {
        var value = row[_column.Name];
        if (value.Presence == ColumnPresence.Absent)
        {
            return Truth.Null;
        }

        var text = value.Text.Span;
        var isNull = value.Presence == ColumnPresence.Null || JsonValueWriter.IsJsonNull(_column.Type, text);
        var truth = isNull ? EvaluateNull() : EvaluateExactly(text);
        return Truths.Not(truth == Truth.Pending && answers is not null ? answers.AnswerTo(_question!, text) : truth, _source.Negated);
    }

    /// <summary>Puts the condition's question about a row into a batch, if it has one.</summary>
    public void Ask(in RowImage row, DatabaseFilterBatch batch)
    {
        if (Evaluate(row, null) == Truth.Pending)
        {
            batch.Add(_question!, row[_column.Name].Text.Span);
        }
    }

    private Truth EvaluateNull() => _source.Operator switch
    {
        FilterOperator.Is => Truths.Of(_source.Value is "null" or "unknown"),
        FilterOperator.IsDistinct => Truth.True,
        FilterOperator.In when _listIsEmpty => Truth.False,
        _ => Truth.Null,
    };

    private Truth EvaluateExactly(ReadOnlySpan<byte> text) => _source.Operator switch
    {
        FilterOperator.Is => Truths.Of(text.SequenceEqual(_source.Value switch { "true" => "t"u8, "false" => "f"u8, _ => default }) && !text.IsEmpty),
        FilterOperator.Like when _likePattern is not null => Truths.Of(LikePattern.Matches(text, _likePattern)),
        _ when _comparands.IsDefault => Truth.Pending,
        FilterOperator.In => EvaluateList(text),
        _ => _comparands[0]!.TryCompare(text, out var order) ? Truths.Of(Holds(order)) : Truth.Pending,
    };

    // = any (…): true if one is equal, else NULL if one is NULL.
    private Truth EvaluateList(ReadOnlySpan<byte> text)
    {
        var truth = Truth.False;
        foreach (var comparand in _comparands)
        {
            if (comparand is null)
            {
                truth = Truth.Null;
            }
            else if (!comparand.TryCompare(text, out var order))
            {
                return Truth.Pending;
            }
            else if (order == 0)
            {
                return Truth.True;
            }
        }

        return truth;
    }

    private bool Holds(int order) => _source.Operator switch
    {
        FilterOperator.Equal => order == 0,
        FilterOperator.NotEqual or FilterOperator.IsDistinct => order != 0,
        FilterOperator.Less => order < 0,
        FilterOperator.LessOrEqual => order <= 0,
        FilterOperator.Greater => order > 0,
        _ => order >= 0,
    };
}
