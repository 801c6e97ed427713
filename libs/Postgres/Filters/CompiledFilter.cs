using System.Collections.Immutable;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>A filter bound to the columns of one table. Immutable and thread-safe.</summary>
/// <remarks>
/// Follows SQL: a comparison with NULL is NULL, <c>not</c> of NULL is NULL, and only true lets a row through. A condition on a column
/// that the change does not carry counts as NULL whatever its operator. NaN, infinities of numbers and JSON null count as NULL, because
/// that is what clients see (protocol.md 7.2, tenant-database.md 6.10). <c>is.null</c> on a composite value looks at the value as a whole.
/// </remarks>
public sealed class CompiledFilter
{
    private readonly Node _root;

    internal CompiledFilter(FilterGroup source, IReadOnlyDictionary<FilterCondition, CompiledCondition> conditions)
    {
        Source = source;
        _root = new Node(source, conditions);
    }

    /// <summary>A filter without conditions, for any table.</summary>
    public static CompiledFilter Empty { get; } = new(FilterGroup.Empty, ImmutableDictionary<FilterCondition, CompiledCondition>.Empty);

    /// <summary>What it was compiled from; filters of one table with equal sources are interchangeable.</summary>
    public FilterGroup Source { get; }

    /// <summary>Evaluates the filter as far as possible without the database.</summary>
    public FilterVerdict Evaluate(in RowImage row) => Verdict(_root.Evaluate(row, null));

    /// <summary>Evaluates the filter with the answers to its questions, see <see cref="Ask"/>.</summary>
    /// <param name="row">The same row.</param>
    /// <param name="answers">An executed batch. A question that the database refused does not match, negated or not.</param>
    public FilterVerdict Evaluate(in RowImage row, DatabaseFilterBatch answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return Verdict(_root.Evaluate(row, answers));
    }

    /// <summary>Puts the questions about a row into a batch; the same question about the same value is asked once.</summary>
    public void Ask(in RowImage row, DatabaseFilterBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _root.Ask(row, batch);
    }

    /// <summary>The texts of one column that a row must have to match, when there are such: the least numerous of them.</summary>
    internal (string Column, IReadOnlyList<EqualityKey> Keys)? Keys => _root.Keys;

    private static FilterVerdict Verdict(Truth truth) => truth switch
    {
        Truth.True => FilterVerdict.Match,
        Truth.Pending => FilterVerdict.NeedsDatabase,
        _ => FilterVerdict.NoMatch,
    };

    private sealed class Node
    {
        private readonly CompiledCondition? _condition;
        private readonly Node[] _members = [];
        private readonly bool _any;
        private readonly bool _negated;

        public Node(FilterExpression source, IReadOnlyDictionary<FilterCondition, CompiledCondition> conditions)
        {
            if (source is FilterGroup group)
            {
                (_any, _negated) = (group.Any, group.Negated);
                _members = [.. group.Members.Select(m => new Node(m, conditions))];
            }
            else
            {
                _condition = conditions[(FilterCondition)source];
            }
        }

        public (string Column, IReadOnlyList<EqualityKey> Keys)? Keys => (_condition, _any, _negated) switch
        {
            ({ Keys: { } keys } condition, _, _) => (condition.Column, keys),
            (null, false, false) => _members.Select(m => m.Keys).Where(k => k is not null).MinBy(k => k!.Value.Keys.Count),
            _ => null,
        };

        public Truth Evaluate(in RowImage row, DatabaseFilterBatch? answers)
        {
            if (_condition is not null)
            {
                return _condition.Evaluate(row, answers);
            }

            // `or` ends with the first true member, `and` with the first false one; short of that, what is open outweighs NULL.
            var decisive = Truths.Of(_any);
            var truth = Truths.Of(!_any);
            foreach (var member in _members)
            {
                var next = member.Evaluate(row, answers);
                if (next == decisive)
                {
                    truth = decisive;
                    break;
                }

                truth = next == Truth.Pending || (next == Truth.Null && truth != Truth.Pending) ? next : truth;
            }

            return Truths.Not(truth, _negated);
        }

        public void Ask(in RowImage row, DatabaseFilterBatch batch)
        {
            _condition?.Ask(row, batch);
            if (_members.Length > 0 && Evaluate(row, null) == Truth.Pending)
            {
                foreach (var member in _members)
                {
                    member.Ask(row, batch);
                }
            }
        }
    }
}
