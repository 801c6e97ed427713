using System.Text.Json;
using Realtime.Protocol.Changes;

namespace Realtime.Protocol.Tests.Changes;

public sealed class RegistrationErrorsTests
{
    private const string Start = "Unable to subscribe to changes with given parameters. ";

    [Fact]
    public void Entry_without_table_shows_its_parameters()
    {
        var text = RegistrationErrors.NoPublishedTable(Parse("""{"schema":"public","table":"nope"}"""));

        Assert.Equal(
            Start + "Please check Realtime is enabled for the given connect parameters: " +
            "[event: *, schema: public, table: nope, filters: [], select: nil]",
            text);
    }

    [Fact]
    public void Entry_that_the_database_refused_shows_parameters_and_error()
    {
        var subscription = Parse("""{"event":"insert","schema":"public","table":"orders","filter":"total=gt.10","select":["id","total"]}""");

        var text = RegistrationErrors.Refused(subscription, "ERROR P0001 (raise_exception) invalid column for filter total");

        Assert.Equal(
            Start + "An exception happened so please check your connect parameters: [event: INSERT, schema: public, table: orders, " +
            "filters: [{\"total\", \"gt\", \"10\", false}], select: [\"id\", \"total\"]]. " +
            "Exception: ERROR P0001 (raise_exception) invalid column for filter total",
            text);
    }

    [Fact]
    public void Filter_wider_than_80_columns_is_broken_over_lines()
    {
        var list = string.Join(',', Enumerable.Range(1, 101));

        var text = RegistrationErrors.Parameters(Parse($$"""{"schema":"public","table":"t","filter":"id=in.({{list}})"}"""));

        Assert.Contains($"filters: [\n  {{\"id\", \"in\",\n   \"{{{list}}}\",\n   false}}\n], select: nil", text);
    }

    [Theory]
    [InlineData(56, "[{\"a\", \"eq\", \"#\", false}]")]
    [InlineData(57, "[\n  {\"a\", \"eq\", \"#\",\n   false}\n]")]
    public void Filter_of_exactly_80_columns_stays_on_one_line(int length, string expected)
    {
        var value = new string('x', length);

        var text = RegistrationErrors.Parameters(Parse($$"""{"schema":"public","table":"t","filter":"a=eq.{{value}}"}"""));

        Assert.Equal($"event: *, schema: public, table: t, filters: {expected.Replace("#", value, StringComparison.Ordinal)}, select: nil", text);
    }

    [Fact]
    public void Several_conditions_that_do_not_fit_get_a_line_each()
    {
        var text = RegistrationErrors.Parameters(Parse(
            """{"schema":"public","table":"t","filter":"title=eq.the first long value,title=not.eq.the second long value"}"""));

        Assert.Contains(
            "filters: [\n  {\"title\", \"eq\", \"the first long value\", false},\n  {\"title\", \"eq\", \"the second long value\", true}\n]", text);
    }

    [Fact]
    public void Group_is_shown_as_a_tuple_of_its_conditions()
    {
        var text = RegistrationErrors.Parameters(Parse("""{"schema":"public","table":"t","filter":"or(a.eq.1,b.eq.2)"}"""));

        Assert.Contains("""filters: [{"or", [{"a", "eq", "1", false}, {"b", "eq", "2", false}], false}], select: nil""", text);
    }

    [Fact]
    public void Selection_wider_than_80_columns_fills_lines()
    {
        var names = Enumerable.Range(10, 20).Select(i => $"\"col{i}\"").ToArray();

        var text = RegistrationErrors.Parameters(Parse($$"""{"schema":"public","table":"t","select":[{{string.Join(',', names)}}]}"""));

        Assert.EndsWith($"select: [{string.Join(", ", names[..8])},\n {string.Join(", ", names[8..16])},\n {string.Join(", ", names[16..])}]", text);
    }

    private static ChangeSubscription Parse(string json) =>
        ChangeSubscription.TryParse(JsonElement.Parse(json), out var subscription, out var error)
            ? subscription
            : throw new ArgumentException(error, nameof(json));
}
