using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Realtime.Protocol.Changes;

/// <summary>Reads filter strings (protocol.md 7.2).</summary>
/// <remarks>
/// <code>
/// filter    = segment *( "," segment )                                  all must hold
/// segment   = condition | group
/// condition = column "=" [ "not." ] operator "." value
/// group     = [ "not." ] ( "or" | "and" ) [ "=" ] "(" member *( "," member ) ")"
/// member    = name "." [ "not." ] operator "." value | group
/// name      = column without dots | '"' column, a backslash before each quote and backslash '"'
/// </code>
/// A segment is a group only when it is no condition, so a string without groups means what it always meant: <c>or(a.eq.x=eq.1)</c>
/// still is a condition on a column <c>or(a.eq.x</c>. The form <c>or=(…)</c> can never be a condition and is safe for every value.
/// Commas separate only outside of parentheses and quotes; a value in a group that holds a comma or a parenthesis without its partner
/// must be quoted. Groups nest up to <see cref="MaxGroupDepth"/> levels.
/// </remarks>
public static class FilterParser
{
    /// <summary>Levels of groups inside groups.</summary>
    public const int MaxGroupDepth = 8;

    private const string ErrorPrefix = "Error parsing `filter` params: ";
    private const string EmptySegment = ErrorPrefix + "filter must not contain empty segments (check for extra commas)";
    private const string InWithoutParentheses = ErrorPrefix + "`in` filter value must be wrapped by parentheses";
    private const string TooDeep = ErrorPrefix + "filter groups must not be nested deeper than 8 levels";

    /// <summary>Reads a whole filter. A blank string is <see cref="FilterGroup.Empty"/>.</summary>
    /// <param name="text">The filter as the client sent it.</param>
    /// <param name="filter">A group of all segments.</param>
    /// <param name="error">The complete text for the client.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out FilterGroup? filter, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (filter, error) = (null, null);
        var trimmed = text.AsSpan().Trim();
        if (trimmed.IsEmpty)
        {
            filter = FilterGroup.Empty;
            return true;
        }

        var members = ImmutableArray.CreateBuilder<FilterExpression>();
        foreach (var segment in Scan(trimmed, inGroup: false).Segments)
        {
            if (!TryParseSegment(segment, out var member, out error))
            {
                return false;
            }

            members.Add(member);
        }

        filter = new FilterGroup(Any: false, members.ToImmutable());
        return true;
    }

    private static bool TryParseSegment(
        string segment, [NotNullWhen(true)] out FilterExpression? expression, [NotNullWhen(false)] out string? error) =>
        TryParseCondition(segment, out expression, out error)
        || (GroupHead.TryRead(segment, allowEqualsSign: true, out var head) && TryParseGroup(head, 1, out expression, out error));

    // column=[not.]operator.value
    private static bool TryParseCondition(
        string segment, [NotNullWhen(true)] out FilterExpression? condition, [NotNullWhen(false)] out string? error)
    {
        condition = null;
        if (segment.Length == 0)
        {
            error = EmptySegment;
            return false;
        }

        var equals = segment.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            error = PartsFound(segment);
            return false;
        }

        return TryParseComparison(segment[..equals], segment[(equals + 1)..], out condition, out error);
    }

    // [not.]operator.value
    private static bool TryParseComparison(
        string column, string text, [NotNullWhen(true)] out FilterExpression? condition, [NotNullWhen(false)] out string? error)
    {
        (condition, error) = (null, null);
        var negated = text.StartsWith("not.", StringComparison.Ordinal);
        text = negated ? text[4..] : text;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            error = PartsFound(text);
            return false;
        }

        var value = text[(dot + 1)..];
        if (!FilterOperatorNames.TryParse(text.AsSpan(0, dot), out var filterOperator))
        {
            error = PartsFound(text[..dot], value);
            return false;
        }

        if (filterOperator != FilterOperator.In)
        {
            value = Unquote(value);
        }
        else if (value.Length >= 2 && value[0] == '(' && value[^1] == ')')
        {
            value = string.Concat("{", value.AsSpan(1, value.Length - 2), "}");
        }
        else
        {
            error = InWithoutParentheses;
            return false;
        }

        condition = new FilterCondition(column, filterOperator, value, negated);
        return true;
    }

    private static bool TryParseGroup(
        GroupHead head, int depth, [NotNullWhen(true)] out FilterExpression? group, [NotNullWhen(false)] out string? error)
    {
        (group, error) = (null, null);
        var (segments, balanced) = Scan(head.Body, inGroup: true);
        if (depth > MaxGroupDepth || !balanced)
        {
            error = balanced ? TooDeep : $"{ErrorPrefix}`{head.Name}` conditions must be wrapped by parentheses";
            return false;
        }

        var members = ImmutableArray.CreateBuilder<FilterExpression>(segments.Count);
        foreach (var segment in segments)
        {
            if (!TryParseMember(segment, depth, out var member, out error))
            {
                return false;
            }

            members.Add(member);
        }

        group = new FilterGroup(head.Any, members.MoveToImmutable(), head.Negated);
        return true;
    }

    private static bool TryParseMember(
        string segment, int depth, [NotNullWhen(true)] out FilterExpression? member, [NotNullWhen(false)] out string? error)
    {
        (member, error) = (null, null);
        if (GroupHead.TryRead(segment, allowEqualsSign: false, out var head))
        {
            return TryParseGroup(head, depth + 1, out member, out error);
        }

        var end = segment.Length > 0 && segment[0] == '"' ? EndOfQuoted(segment) + 1 : segment.IndexOf('.', StringComparison.Ordinal);
        if (end <= 0 || end >= segment.Length || segment[end] != '.')
        {
            error = segment.Length == 0 ? EmptySegment : PartsFound(segment);
            return false;
        }

        return TryParseComparison(Unquote(segment[..end]), segment[(end + 1)..], out member, out error);
    }

    // Splits at the commas outside of parentheses and quotes. A quote opens only right after '.', '(' or ','; an unmatched ')' does not
    // count. What is left open swallows the rest; only a group is refused then.
    private static (List<string> Segments, bool Balanced) Scan(ReadOnlySpan<char> text, bool inGroup)
    {
        var segments = new List<string>();
        var (start, depth, quoted, balanced) = (0, 0, false, true);
        var previous = inGroup ? '(' : '\0';
        for (var i = 0; i < text.Length; i++)
        {
            var current = text[i];
            if (quoted)
            {
                quoted = current != '"';
                i += current == '\\' && i + 1 < text.Length ? 1 : 0;
            }
            else if (current == ',' && depth == 0)
            {
                segments.Add(text[start..i].Trim().ToString());
                start = i + 1;
                current = inGroup ? ',' : '\0';
            }
            else if (current == '"')
            {
                quoted = previous is '.' or '(' or ',';
            }
            else if (current == '(')
            {
                depth++;
            }
            else if (current == ')')
            {
                balanced &= depth > 0;
                depth = Math.Max(0, depth - 1);
            }

            previous = current;
        }

        segments.Add(text[start..].Trim().ToString());
        return (segments, balanced && depth == 0 && !quoted);
    }

    // A value that is quoted as a whole loses the quotes and one backslash of each pair; any other stays as it is.
    private static string Unquote(string value)
    {
        if (value.Length < 2 || value[0] != '"' || EndOfQuoted(value) != value.Length - 1)
        {
            return value;
        }

        var text = new StringBuilder(value.Length);
        for (var i = 1; i < value.Length - 1; i++)
        {
            i += value[i] == '\\' ? 1 : 0;
            text.Append(value[i]);
        }

        return text.ToString();
    }

    // Position of the first unescaped quote after the one at the start, or -1.
    private static int EndOfQuoted(string value)
    {
        for (var i = 1; i < value.Length; i++)
        {
            if (value[i] == '"')
            {
                return i;
            }

            i += value[i] == '\\' ? 1 : 0;
        }

        return -1;
    }

    private static string PartsFound(params ReadOnlySpan<string> parts) => ErrorPrefix + DebugText.Strings(parts);

    private readonly record struct GroupHead(bool Any, bool Negated, string Body)
    {
        public string Name => Any ? "or" : "and";

        // [not.](or|and)[=](…)
        public static bool TryRead(string segment, bool allowEqualsSign, out GroupHead head)
        {
            head = default;
            var rest = segment.AsSpan();
            var negated = rest.StartsWith("not.", StringComparison.Ordinal);
            rest = negated ? rest[4..] : rest;
            var any = rest.StartsWith("or", StringComparison.Ordinal);
            if (!any && !rest.StartsWith("and", StringComparison.Ordinal))
            {
                return false;
            }

            rest = rest[(any ? 2 : 3)..];
            rest = allowEqualsSign && rest.StartsWith('=') ? rest[1..] : rest;
            if (rest.Length < 2 || rest[0] != '(' || rest[^1] != ')')
            {
                return false;
            }

            head = new GroupHead(any, negated, rest[1..^1].ToString());
            return true;
        }
    }
}
