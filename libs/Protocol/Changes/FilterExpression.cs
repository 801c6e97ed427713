using System.Collections.Immutable;

namespace Realtime.Protocol.Changes;

/// <summary>A parsed filter: a tree of conditions and groups, compared by content, never changed.</summary>
public abstract record FilterExpression
{
    private protected FilterExpression()
    {
    }
}

/// <summary>One comparison of a column with a constant.</summary>
/// <param name="Column">Name of the column, exactly as it is in the table.</param>
/// <param name="Operator">How to compare.</param>
/// <param name="Value">
/// The constant without the quotes of the filter string; for <see cref="FilterOperator.In"/> an array literal of PostgreSQL, <c>{…}</c>.
/// </param>
/// <param name="Negated">Whether <c>not.</c> stood before the operator.</param>
public sealed record FilterCondition(string Column, FilterOperator Operator, string Value, bool Negated) : FilterExpression;

/// <summary>Several expressions of which all, or at least one, must hold.</summary>
/// <param name="Any">True for <c>or</c>, false for <c>and</c>.</param>
/// <param name="Members">In the order written. A group of all without members always holds.</param>
/// <param name="Negated">Whether <c>not.</c> stood before the group.</param>
public sealed record FilterGroup(bool Any, ImmutableArray<FilterExpression> Members, bool Negated = false) : FilterExpression
{
    /// <summary>The filter of a subscription that has none: holds for every row.</summary>
    public static FilterGroup Empty { get; } = new(Any: false, []);

    /// <inheritdoc/>
    public bool Equals(FilterGroup? other) =>
        other is not null && Any == other.Any && Negated == other.Negated && Members.AsSpan().SequenceEqual(other.Members.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Any);
        hash.Add(Negated);
        foreach (var member in Members)
        {
            hash.Add(member);
        }

        return hash.ToHashCode();
    }
}
