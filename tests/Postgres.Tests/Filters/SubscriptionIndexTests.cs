using System.Text;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Postgres.Tests.Filters;

public sealed class SubscriptionIndexTests
{
    private const uint Table = 7;

    private static readonly RowLayout Layout = new(["id", "name", "price", "code"]);

    private static readonly Dictionary<string, FilterColumn> Columns = new[]
    {
        Column("id", WellKnownTypes.Int4, "int4"), Column("name", WellKnownTypes.Text, "text"),
        Column("price", WellKnownTypes.Numeric, "numeric"), Column("code", WellKnownTypes.BlankPadded, "bpchar"),
    }.ToDictionary(c => c.Name);

    [Fact]
    public void Ten_thousand_different_equalities_cost_one_lookup()
    {
        var index = new SubscriptionIndex<int>();
        for (var i = 0; i < 10_000; i++)
        {
            index.Add(Table, ChangeEvents.All, Filter($"id=eq.{i}"), i);
        }

        var (row, matches) = (Row("4711", "x", "1"), new List<SubscriptionMatch<int>>(4));
        index.Match(Table, ChangeEvents.Insert, row, matches);
        var before = GC.GetAllocatedBytesForCurrentThread();
        index.Match(Table, ChangeEvents.Insert, row, matches);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal([4711], Assert.Single(matches).Group.Subscribers);
        Assert.True(allocated < 1_000, $"{allocated} bytes were allocated for one change.");
    }

    [Fact]
    public void Equal_filters_of_many_subscribers_are_one_group()
    {
        var index = new SubscriptionIndex<int>();
        for (var i = 0; i < 10_000; i++)
        {
            index.Add(Table, ChangeEvents.All, Filter("name=neq.x,id=gt.5"), i);
        }

        var group = Assert.Single(Matches(index, ChangeEvents.Update, Row("6", "y", "1"))).Group;

        Assert.Equal(10_000, group.Subscribers.Count);
        Assert.Same(group, Assert.Single(index.GroupsOf(Table, ChangeEvents.Insert)));
    }

    [Theory]
    [InlineData("1", "a", "1", "all either first firstAndA firstOrSecond", "")]
    [InlineData("2", "a", "1", "all either firstOrSecond", "")]
    [InlineData("3", "b", "1.5", "all either expensive padded", "pattern")]
    [InlineData("4", "b", "1.0", "all either padded", "")]
    [InlineData("5", "c", "1", "all", "pattern")]
    public void Row_finds_the_groups_whose_filter_it_passes(string id, string name, string price, string matched, string open)
    {
        var index = new SubscriptionIndex<string>();
        (string Name, string Filter)[] filters =
        [
            ("all", ""), ("first", "id=eq.1"), ("firstOrSecond", "id=in.(1,2,2,NULL)"), ("firstAndA", "name=eq.a,id=eq.1"), ("none", "id=in.()"),
            ("expensive", "price=gt.1"), ("either", "or(id.eq.1,name.eq.b,name.eq.a)"), ("pattern", "name=match.b,id=not.in.(1,2,4)"),
            ("padded", "code=eq.b"),
        ];
        foreach (var (subscriber, filter) in filters)
        {
            index.Add(Table, ChangeEvents.All, Filter(filter), subscriber);
        }

        var found = Matches(index, ChangeEvents.Insert, Row(id, name, price, name + "  "));

        Assert.Equal(matched, Names(found, needsDatabase: false));
        Assert.Equal(open, Names(found, needsDatabase: true));
    }

    [Fact]
    public void Row_without_the_column_finds_no_equality()
    {
        var index = new SubscriptionIndex<string>();
        index.Add(Table, ChangeEvents.All, Filter("name=eq."), "empty");

        Assert.Empty(Matches(index, ChangeEvents.Delete, new RowImage(Layout, new[] { ColumnValue.Of("1"u8.ToArray()) })));
        Assert.Empty(Matches(index, ChangeEvents.Delete, new RowImage(Layout, new[] { ColumnValue.Null, ColumnValue.Null })));
        Assert.Single(Matches(index, ChangeEvents.Delete, Row("1", "", "1")));
    }

    [Fact]
    public void Only_groups_that_want_the_event_are_found()
    {
        var index = new SubscriptionIndex<string>();
        index.Add(Table, ChangeEvents.Insert, Filter("id=eq.1"), "insert");
        index.Add(Table, ChangeEvents.Delete, CompiledFilter.Empty, "delete");

        Assert.Equal("insert", Names(Matches(index, ChangeEvents.Insert, Row("1", "", "1")), needsDatabase: false));
        Assert.Equal("delete", Names(Matches(index, ChangeEvents.Delete, Row("1", "", "1")), needsDatabase: false));
        Assert.Empty(Matches(index, ChangeEvents.Update, Row("1", "", "1")));
        Assert.True(index.Wants(Table, ChangeEvents.Insert));
        Assert.False(index.Wants(Table, ChangeEvents.Update));
        Assert.False(index.Wants(Table + 1, ChangeEvents.Insert));
    }

    [Fact]
    public void Subscriber_that_was_removed_is_found_no_more()
    {
        var index = new SubscriptionIndex<int>();
        foreach (var filter in new[] { "id=in.(1,2)", "name=match.x", "id=eq.1" })
        {
            Assert.True(index.Add(Table, ChangeEvents.All, Filter(filter), 1));
            Assert.True(index.Add(Table, ChangeEvents.All, Filter(filter), 2));
            Assert.False(index.Add(Table, ChangeEvents.All, Filter(filter), 2));
        }

        foreach (var filter in new[] { "id=in.(1,2)", "name=match.x", "id=eq.1" })
        {
            Assert.True(index.Remove(Table, ChangeEvents.All, Filter(filter), 1));
            Assert.False(index.Remove(Table, ChangeEvents.All, Filter(filter), 1));
            Assert.Contains(Matches(index, ChangeEvents.Insert, Row("1", "x", "1")), m => m.Group.Filter.Source.Equals(Filter(filter).Source));
            Assert.True(index.Remove(Table, ChangeEvents.All, Filter(filter), 2));
            Assert.DoesNotContain(Matches(index, ChangeEvents.Insert, Row("1", "x", "1")), m => m.Group.Filter.Source.Equals(Filter(filter).Source));
        }

        Assert.Empty(index.Tables);
        Assert.False(index.RemoveTable(Table));
    }

    private static List<SubscriptionMatch<T>> Matches<T>(SubscriptionIndex<T> index, ChangeEvents kind, RowImage row)
        where T : notnull
    {
        var matches = new List<SubscriptionMatch<T>>();
        index.Match(Table, kind, row, matches);
        return matches;
    }

    private static string Names(List<SubscriptionMatch<string>> matches, bool needsDatabase) =>
        string.Join(' ', matches.Where(m => m.NeedsDatabase == needsDatabase).SelectMany(m => m.Group.Subscribers).Order(StringComparer.Ordinal));

    private static RowImage Row(params string[] values) =>
        new(Layout, values.Select(v => ColumnValue.Of(Encoding.UTF8.GetBytes(v))).ToArray());

    // What FilterCompiler makes of the filter, with constants that the database would print back unchanged.
    private static CompiledFilter Filter(string text)
    {
        Assert.True(FilterParser.TryParse(text, out var filter, out var error), error);
        return new CompiledFilter(filter, FilterChecks.ConditionsOf(filter).Distinct()
            .ToDictionary(c => c, c => new CompiledCondition(c, Columns[c.Column], Constants(c))));
    }

    private static IReadOnlyList<string?> Constants(FilterCondition condition) => condition.Operator == FilterOperator.In
        ? [.. condition.Value.Trim('{', '}').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(v => v == "NULL" ? null : v)]
        : [condition.Value];

    private static FilterColumn Column(string name, uint oid, string type) => new(
        name,
        new ColumnType
        {
            Oid = oid, Name = type, SqlName = type, QuotedName = type, QuotedArrayName = $"_{type}",
            Format = oid == WellKnownTypes.Numeric ? ValueFormat.Numeric : ValueFormat.Text,
        },
        null, EqualityIsBytewise: true, OrderIsBytewise: false);
}
