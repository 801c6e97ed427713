using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Filters;

/// <summary>A comparison for the database, without the value: equal questions of many filters are asked once.</summary>
/// <param name="Shape">The SQL, the same for all constants.</param>
/// <param name="Constant">The constant of the condition, always sent as a parameter.</param>
internal sealed record DatabaseQuestion(QuestionShape Shape, string Constant);

/// <summary>How the database compares a column of some type.</summary>
/// <param name="Type">Quoted name of the type as which values are read.</param>
/// <param name="ConstantType">Quoted name of the type as which the constant is read.</param>
/// <param name="Collation">Quoted collation, or null.</param>
/// <param name="Operator">What to compare with; the negation is applied to the answer.</param>
/// <param name="IsHexText">
/// Whether values are the digits of a bytea without their <c>\x</c>, as clients see them (tenant-database.md 6.10). A constant with
/// <c>\x</c> is compared with the bytes themselves.
/// </param>
internal sealed record QuestionShape(string Type, string ConstantType, string? Collation, FilterOperator Operator, bool IsHexText)
{
    private const string Text = "pg_catalog.text";

    /// <summary>Whether the constant is a pattern.</summary>
    public bool IsPattern => Operator is FilterOperator.Like or FilterOperator.ILike or FilterOperator.Match or FilterOperator.IMatch;

    public static QuestionShape Of(FilterColumn column, FilterCondition condition)
    {
        var type = column.Type;
        var constantType = condition.Operator switch
        {
            FilterOperator.In => type.QuotedArrayName ?? $"{type.QuotedName}[]",
            FilterOperator.Like or FilterOperator.ILike when type.Oid is WellKnownTypes.BlankPadded or WellKnownTypes.Name => Text,
            _ => type.QuotedName,
        };
        var isHexText = type.Oid == WellKnownTypes.Bytea && !condition.Value.Contains("\\x", StringComparison.Ordinal);
        return new(type.QuotedName, constantType, column.QuotedCollation, condition.Operator, isHexText);
    }

    /// <summary>The comparison as an SQL expression of type boolean.</summary>
    /// <param name="value">An expression of type <c>text</c>, or of the type itself.</param>
    /// <param name="constant">An expression of type <c>text</c>, or of the constant's type.</param>
    public string Compare(string value, string constant)
    {
        var left = $"(({value})::{Type}{(Collation is null ? "" : $" collate {Collation}")})";
        var right = $"(({constant})::{ConstantType})";
        return Operator == FilterOperator.In ? $"{left} = any {right}" : $"{left} {OperatorSql} {right}";
    }

    /// <summary>The value as it takes part in the comparison.</summary>
    public string Operand(string value) => IsHexText && value.StartsWith("\\x", StringComparison.Ordinal) ? value[2..] : value;

    private string OperatorSql => Operator switch
    {
        FilterOperator.Equal => "=",
        FilterOperator.NotEqual => "<>",
        FilterOperator.Less => "<",
        FilterOperator.LessOrEqual => "<=",
        FilterOperator.Greater => ">",
        FilterOperator.GreaterOrEqual => ">=",
        FilterOperator.Like => "like",
        FilterOperator.ILike => "ilike",
        FilterOperator.Match => "~",
        FilterOperator.IMatch => "~*",
        FilterOperator.IsDistinct => "is distinct from",
        _ => throw new InvalidOperationException($"{Operator} is never asked."),
    };
}
