using System.Text.Json;
using Realtime.Protocol.Changes;

namespace Realtime.Protocol.Tests.Changes;

public sealed class ChangeSubscriptionTests
{
    [Theory]
    [InlineData("""{"schema":"public","table":"todos","filter":"id=eq.1"}""", "public", "todos", 1)]
    [InlineData("""{"schema":"public","table":"todos"}""", "public", "todos", 0)]
    [InlineData("""{"schema":"public","table":"todos","filter":"  "}""", "public", "todos", 0)]
    [InlineData("""{"schema":"public"}""", "public", "*", 0)]
    [InlineData("""{"schema":"*"}""", "*", "*", 0)]
    [InlineData("""{"table":"todos"}""", "public", "todos", 0)]
    [InlineData("""{"schema":"s","table":"*","filter":"id=eq.1","other":5}""", "s", "*", 1)]
    public void Entry_with_an_accepted_combination_is_parsed(string json, string schema, string table, int conditions)
    {
        Assert.True(ChangeSubscription.TryParse(Element(json), out var subscription, out var error), error);

        Assert.Equal((schema, table, conditions), (subscription.Schema, subscription.Table, subscription.Filter.Members.Length));
        Assert.Equal(ChangeEvents.All, subscription.Events);
        Assert.Null(subscription.Select);
    }

    [Theory]
    [InlineData("\"INSERT\"", ChangeEvents.Insert)]
    [InlineData("\"update\"", ChangeEvents.Update)]
    [InlineData("\"Delete\"", ChangeEvents.Delete)]
    [InlineData("\"*\"", ChangeEvents.All)]
    [InlineData("\"TRUNCATE\"", ChangeEvents.All)]
    [InlineData("5", ChangeEvents.All)]
    [InlineData("null", ChangeEvents.All)]
    public void Event_of_any_other_kind_means_all(string json, ChangeEvents expected)
    {
        Assert.True(ChangeSubscription.TryParse(Element($$"""{"schema":"public","event":{{json}}}"""), out var subscription, out _));

        Assert.Equal(expected, subscription.Events);
    }

    [Theory]
    [InlineData("""{"event":"*"}""", """%{"event" => "*"}""")]
    [InlineData("{}", "%{}")]
    [InlineData("""{"schema":"public","filter":"id=eq.1","event":"*"}""", """%{"event" => "*", "filter" => "id=eq.1", "schema" => "public"}""")]
    [InlineData("""{"table":"t","filter":"id=eq.1"}""", """%{"filter" => "id=eq.1", "table" => "t"}""")]
    [InlineData("""{"schema":null,"table":"t"}""", """%{"schema" => nil, "table" => "t"}""")]
    [InlineData("""{"schema":"s","table":7,"x":[1,2.5,true,{"a":[]}]}""", """%{"schema" => "s", "table" => 7, "x" => [1, 2.5, true, %{"a" => []}]}""")]
    [InlineData("""{"schema":"s","table":"t","filter":null}""", """%{"filter" => nil, "schema" => "s", "table" => "t"}""")]
    [InlineData("""{"event":"*","user_token":"secret"}""", "<redacted>")]
    [InlineData("""{"event":"*","auth_token":null}""", "<redacted>")]
    [InlineData("""{"schema":"\"\\\n"}""", null)]
    [InlineData("""{"schemas":"\"\\\n\u0001"}""", "%{\"schemas\" => \"\\\"\\\\\\n\\x01\"}")]
    public void Entry_with_another_combination_is_refused_with_its_content(string json, string? shown)
    {
        var parsed = ChangeSubscription.TryParse(Element(json), out _, out var error);

        Assert.Equal(shown is null, parsed);
        Assert.Equal(shown is null ? null
            : $"No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: {shown}", error);
    }

    [Fact]
    public void Content_wider_than_80_columns_is_broken_over_lines()
    {
        var value = new string('x', 60);

        _ = ChangeSubscription.TryParse(Element($$"""{"event":"*","a":"{{value}}"}"""), out _, out var error);

        Assert.EndsWith($"subscribe to: %{{\n  \"a\" => \"{value}\",\n  \"event\" => \"*\"\n}}", error);
    }

    [Theory]
    [InlineData("""{"schema":"s","table":"t","select":"id"}""",
        """Error parsing `select` params: expected a list of column name strings, e.g. select: ["col1", "col2"]""")]
    [InlineData("""{"select":""}""",
        """Error parsing `select` params: expected a list of column name strings, e.g. select: ["col1", "col2"]""")]
    [InlineData("""{"schema":"s","select":["id"]}""",
        "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.")]
    [InlineData("""{"schema":"*","table":"t","select":["id"]}""",
        "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.")]
    [InlineData("""{"schema":"s","table":"*","filter":"wrong","select":["id"]}""", """Error parsing `filter` params: ["wrong"]""")]
    public void Selection_that_cannot_be_is_refused(string json, string expected)
    {
        Assert.False(ChangeSubscription.TryParse(Element(json), out _, out var error));

        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("""["title",5,null,"id"]""", "title id")]
    [InlineData("[]", null)]
    [InlineData("[1,{}]", null)]
    [InlineData("null", null)]
    [InlineData("""{"a":1}""", null)]
    public void Selection_keeps_only_strings(string select, string? expected)
    {
        Assert.True(ChangeSubscription.TryParse(Element($$"""{"schema":"s","table":"t","select":{{select}}}"""), out var subscription, out _));

        Assert.Equal(expected, subscription.Select is { } columns ? string.Join(' ', columns) : null);
    }

    [Fact]
    public void Id_is_the_same_for_the_same_content_and_in_range()
    {
        var id = Id("""{"event":"*","schema":"public","table":"todos","x":{"a":1,"b":[1,"é"]}}""");

        Assert.Equal(id, Id("""{ "x": {"b":[1,"\u00e9"],"a":1}, "table":"todos", "schema":"public", "event":"*", "id": 77 }"""));
        Assert.NotEqual(id, Id("""{"event":"*","schema":"public","table":"todos"}"""));
        Assert.Equal(68_382_636, Id("{}"));
        CsCheck.Check.Sample(CsCheck.Gen.String, text => Id(JsonSerializer.Serialize(new { table = text })) is > 0 and < 1 << 27);
    }

    [Theory]
    [InlineData("""{"schema":"\ud800","\ud800":1,"table":"\udc00"}""")]
    [InlineData("""{"\ud800":"\ud800"}""")]
    [InlineData("""[1]""")]
    [InlineData("5")]
    public void Entry_that_is_no_text_or_object_is_answered_without_exception(string json)
    {
        var parsed = ChangeSubscription.TryParse(Element(json), out var subscription, out var error);

        Assert.NotEqual(parsed, error is not null);
        Assert.Equal(parsed, subscription is not null);
    }

    [Theory]
    [InlineData("public", """{"schema":"public"}""")]
    [InlineData("*", """{"schema":"*"}""")]
    [InlineData("public:todos", """{"schema":"public","table":"todos"}""")]
    [InlineData("public:todos:name=eq.a:b", """{"schema":"public","table":"todos","filter":"name=eq.a:b"}""")]
    [InlineData("ro\"om::", """{"schema":"ro\"om","table":"","filter":""}""")]
    public void Legacy_topic_implies_an_entry(string subTopic, string expected)
    {
        Assert.Equal(expected, LegacySubscription.EntryOf(subTopic).GetRawText());
    }

    [Theory]
    [InlineData("public", "user_data", true)]
    [InlineData("public", "userXdata", false)]
    [InlineData("other", "user_data", false)]
    public void Names_are_compared_exactly(string schema, string table, bool expected)
    {
        _ = ChangeSubscription.TryParse(Element("""{"schema":"public","table":"user_data"}"""), out var exact, out _);
        _ = ChangeSubscription.TryParse(Element("""{"schema":"*"}"""), out var all, out _);

        Assert.Equal(expected, exact!.Covers(schema, table));
        Assert.True(all!.Covers(schema, table));
    }

    private static int Id(string json) => ChangeSubscriptionId.Of(Element(json));

    private static JsonElement Element(string json) => JsonElement.Parse(json);
}
