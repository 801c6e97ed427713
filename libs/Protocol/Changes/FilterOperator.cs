namespace Realtime.Protocol.Changes;

/// <summary>Operators of a condition (protocol.md 7.2).</summary>
public enum FilterOperator
{
    /// <summary><c>eq</c>: <c>=</c>.</summary>
    Equal,

    /// <summary><c>neq</c>: <c>!=</c>.</summary>
    NotEqual,

    /// <summary><c>lt</c>: <c>&lt;</c>.</summary>
    Less,

    /// <summary><c>lte</c>: <c>&lt;=</c>.</summary>
    LessOrEqual,

    /// <summary><c>gt</c>: <c>&gt;</c>.</summary>
    Greater,

    /// <summary><c>gte</c>: <c>&gt;=</c>.</summary>
    GreaterOrEqual,

    /// <summary><c>in</c>: equal to one element of an array literal.</summary>
    In,

    /// <summary><c>like</c>: SQL <c>LIKE</c> with the backslash as escape.</summary>
    Like,

    /// <summary><c>ilike</c>: SQL <c>ILIKE</c>.</summary>
    ILike,

    /// <summary><c>is</c>: <c>null</c>, <c>true</c>, <c>false</c> or <c>unknown</c>.</summary>
    Is,

    /// <summary><c>match</c>: regular expression of PostgreSQL, <c>~</c>.</summary>
    Match,

    /// <summary><c>imatch</c>: the same regardless of letter case, <c>~*</c>.</summary>
    IMatch,

    /// <summary><c>isdistinct</c>: <c>IS DISTINCT FROM</c>.</summary>
    IsDistinct,
}

/// <summary>The names of <see cref="FilterOperator"/> in a filter string, lower case only.</summary>
public static class FilterOperatorNames
{
    private static readonly string[] Names =
        ["eq", "neq", "lt", "lte", "gt", "gte", "in", "like", "ilike", "is", "match", "imatch", "isdistinct"];

    /// <summary>The name as written in a filter.</summary>
    public static string ToName(this FilterOperator filterOperator) => Names[(int)filterOperator];

    /// <returns>Whether there is an operator of exactly that name.</returns>
    public static bool TryParse(ReadOnlySpan<char> name, out FilterOperator filterOperator)
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (name.SequenceEqual(Names[i]))
            {
                filterOperator = (FilterOperator)i;
                return true;
            }
        }

        filterOperator = default;
        return false;
    }
}
