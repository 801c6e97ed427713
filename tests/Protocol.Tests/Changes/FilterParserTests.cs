using CsCheck;
using Realtime.Protocol.Changes;

namespace Realtime.Protocol.Tests.Changes;

public sealed class FilterParserTests
{
    [Theory]
    [InlineData("id=eq.5", """id eq "5" """)]
    [InlineData("id=gt.0,id=lt.100", """id gt "0";id lt "100" """)]
    [InlineData("status=not.in.(draft,archived)", """status not in "{draft,archived}" """)]
    [InlineData("name=eq.\"a,b\"", """name eq "a,b" """)]
    [InlineData("tags=in.(\"a,b\",c)", """tags in "{"a,b",c}" """)]
    [InlineData("deleted_at=not.is.null", """deleted_at not is "null" """)]
    [InlineData("age=gte.18,city=eq.Rome", """age gte "18";city eq "Rome" """)]
    [InlineData("city=in.(\"New York, NY\",Rome)", """city in "{"New York, NY",Rome}" """)]
    [InlineData("title=not.eq.\"a, b\"", """title not eq "a, b" """)]
    [InlineData("""path=eq."C:\\x" """, """path eq "C:\x" """)]
    [InlineData("note=eq.say \"hi\", n=gt.1", """note eq "say "hi"";n gt "1" """)]
    [InlineData("f=eq.a=b.c", """f eq "a=b.c" """)]
    [InlineData("f=eq.", """f eq "" """)]
    [InlineData("f=eq.(x,g=eq.1", """f eq "(x,g=eq.1" """)]
    [InlineData("f=eq.\"open,g=eq.1", """f eq ""open,g=eq.1" """)]
    [InlineData("f=eq.a),g=eq.(1,2)", """f eq "a)";g eq "(1,2)" """)]
    [InlineData("f=eq.\"a\"b", """f eq ""a"b" """)]
    [InlineData("f=eq.\"", """f eq """ + "\"\"\" ")]
    [InlineData("f=eq.\"\"", """f eq "" """)]
    [InlineData("f=eq.\"a\\", """f eq ""a\" """)]
    [InlineData("f=not.not.eq.1", null)]
    [InlineData("  id=eq.5  ,  n=neq.x  ", """id eq "5";n neq "x" """)]
    [InlineData("id =eq.5", """id  eq "5" """)]
    [InlineData("=eq.5", """ eq "5" """)]
    [InlineData("f=in.()", """f in "{}" """)]
    [InlineData("f=isdistinct.1,f=match.^a.b$,f=imatch.x,f=like.a%,f=ilike._", """f isdistinct "1";f match "^a.b$";f imatch "x";f like "a%";f ilike "_" """)]
    public void Filter_is_split_into_conditions(string text, string? expected)
    {
        var parsed = FilterParser.TryParse(text, out var filter, out _);

        Assert.Equal(expected is not null, parsed);
        if (expected is not null)
        {
            Assert.Equal(expected[..^1], string.Join(";", filter!.Members.Select(m => Describe(m))));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \t ")]
    public void Filter_that_is_blank_has_no_conditions(string text)
    {
        Assert.True(FilterParser.TryParse(text, out var filter, out _));

        Assert.Equal(FilterGroup.Empty, filter);
    }

    [Theory]
    [InlineData("wrong", """["wrong"]""")]
    [InlineData("undefined", """["undefined"]""")]
    [InlineData("id=eq", """["eq"]""")]
    [InlineData("id=not.eq", """["eq"]""")]
    [InlineData("id=foo.hey", """["foo", "hey"]""")]
    [InlineData("id=EQ.1", """["EQ", "1"]""")]
    [InlineData("id=not.not.eq.1", """["not", "eq.1"]""")]
    [InlineData("id=in.1,2", "`in` filter value must be wrapped by parentheses")]
    [InlineData("id=in.(", "`in` filter value must be wrapped by parentheses")]
    [InlineData("a=eq.1,", "filter must not contain empty segments (check for extra commas)")]
    [InlineData(",a=eq.1", "filter must not contain empty segments (check for extra commas)")]
    [InlineData("a=eq.1,,b=eq.2", "filter must not contain empty segments (check for extra commas)")]
    [InlineData("a\"b\\", """["a\"b\\"]""")]
    [InlineData("or(a.eq.1", """["or(a.eq.1"]""")]
    [InlineData("or(a.eq)", """["eq"]""")]
    [InlineData("or(a)", """["a"]""")]
    [InlineData("or(a.foo.1,b.eq.2)", """["foo", "1"]""")]
    [InlineData("or()", "filter must not contain empty segments (check for extra commas)")]
    [InlineData("or(a.eq.1,)", "filter must not contain empty segments (check for extra commas)")]
    [InlineData("or(a.in.5)", "`in` filter value must be wrapped by parentheses")]
    [InlineData("or(a.eq.1),b.eq.2)", """["b.eq.2)"]""")]
    [InlineData("or=(a.eq.\"x)", "`or` conditions must be wrapped by parentheses")]
    [InlineData("or(a.eq.1)and(b.eq.2)", "`or` conditions must be wrapped by parentheses")]
    public void Filter_that_is_malformed_has_the_literal_error(string text, string expected)
    {
        Assert.False(FilterParser.TryParse(text, out _, out var error));

        Assert.Equal("Error parsing `filter` params: " + expected, error);
    }

    [Theory]
    [InlineData("or(a.eq.1,b.eq.2)", """or(a eq "1";b eq "2")""")]
    [InlineData("or=(a.eq.1,b.eq.2)", """or(a eq "1";b eq "2")""")]
    [InlineData("c=eq.0,or(a.eq.1,and(b.gt.2,b.lt.5))", """c eq "0";or(a eq "1";and(b gt "2";b lt "5"))""")]
    [InlineData("not.or(a.eq.1,not.and(b.gt.2,b.not.lt.5))", """not or(a eq "1";not and(b gt "2";b not lt "5"))""")]
    [InlineData("or(a.in.(1,2), b.eq.\"x),y\")", """or(a in "{1,2}";b eq "x),y")""")]
    [InlineData("or(\"a.b\".eq.1,\"c\\\"d\".eq.2)", """or(a.b eq "1";c"d eq "2")""")]
    [InlineData("or=(a.eq.x=eq.1)", """or(a eq "x=eq.1")""")]
    [InlineData("or(note.eq.a=b)", """or(note eq "a=b")""")]
    public void Group_is_a_tree_of_conditions(string text, string expected)
    {
        Assert.True(FilterParser.TryParse(text, out var filter, out var error), error);

        Assert.Equal(expected, string.Join(";", filter.Members.Select(m => Describe(m))));
    }

    [Theory]
    [InlineData("or(a.eq.x=eq.1)", "or(a.eq.x", "1)")]
    [InlineData("and(x=eq.1)", "and(x", "1)")]
    public void Segment_that_was_a_condition_before_groups_stays_one(string text, string column, string value)
    {
        Assert.True(FilterParser.TryParse(text, out var filter, out _));

        Assert.Equal(new FilterCondition(column, FilterOperator.Equal, value, false), Assert.Single(filter.Members));
    }

    [Fact]
    public void Groups_that_nest_too_deep_are_refused()
    {
        var deepest = Nested(FilterParser.MaxGroupDepth);
        var tooDeep = Nested(FilterParser.MaxGroupDepth + 1);

        Assert.True(FilterParser.TryParse(deepest, out _, out _));
        Assert.False(FilterParser.TryParse(tooDeep, out _, out var error));
        Assert.Equal("Error parsing `filter` params: filter groups must not be nested deeper than 8 levels", error);

        static string Nested(int depth) => string.Concat(Enumerable.Repeat("or(", depth)) + "a.eq.1" + new string(')', depth);
    }

    [Fact]
    public void Filters_of_the_same_text_are_equal()
    {
        _ = FilterParser.TryParse("a=eq.1,or(b.in.(1,2),c.is.null)", out var one, out _);
        _ = FilterParser.TryParse(" a=eq.1 , or(b.in.(1,2), c.is.null)", out var other, out _);

        Assert.Equal(one, other);
        Assert.Equal(one!.GetHashCode(), other!.GetHashCode());
    }

    [Fact]
    public void Any_text_is_answered_without_exception()
    {
        var alphabet = Gen.OneOfConst("a", "=", "eq", "not", ".", ",", "(", ")", "\"", "\\", "or", "and", "in", " ", "\0", "é", "\ud800");

        Check.Sample(alphabet.Array[0, 30].Select(parts => string.Concat(parts)), text =>
            FilterParser.TryParse(text, out var filter, out var error) ? filter is not null : error is not null);
    }

    private static string Describe(FilterExpression expression) => expression switch
    {
        FilterCondition c => $"{c.Column} {(c.Negated ? "not " : "")}{c.Operator.ToName()} \"{c.Value}\"",
        FilterGroup g => $"{(g.Negated ? "not " : "")}{(g.Any ? "or" : "and")}({string.Join(";", g.Members.Select(m => Describe(m)))})",
        _ => throw new ArgumentOutOfRangeException(nameof(expression)),
    };
}
