using Microsoft.Extensions.Configuration;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tests.Configuration;

public sealed class SettingsReaderTests
{
    [Theory]
    [InlineData("7", 7)]
    [InlineData("-7", -7)]
    [InlineData("", 42)]
    [InlineData(null, 42)]
    public void Number_is_a_decimal_integer_or_the_default(string? text, int expected)
    {
        var reader = Reader(("N", text));

        Assert.Equal(expected, reader.Number("N", 42));
        Assert.Empty(reader.Errors);
    }

    [Theory]
    [InlineData(" 7")]
    [InlineData("7 ")]
    [InlineData("1_000")]
    [InlineData("1,000")]
    [InlineData("7.0")]
    [InlineData("0x7")]
    [InlineData("seven")]
    public void Number_of_any_other_form_is_a_mistake(string text)
    {
        var reader = Reader(("N", text));

        reader.Number("N", 42);

        Assert.Equal([$"env N expected a Integer, got \"{text}\""], reader.Errors);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("11")]
    [InlineData("9999999999")]
    public void Number_out_of_range_names_the_range(string text)
    {
        var reader = Reader(("N", text));

        reader.Number("N", 5, 1, 10);

        Assert.Equal([$"env N must be between 1 and 10, got {text}"], reader.Errors);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("1", true)]
    [InlineData(" TRUE ", true)]
    [InlineData("false", false)]
    [InlineData("0", false)]
    [InlineData("False", false)]
    public void Boolean_is_trimmed_and_of_any_case(string text, bool expected)
    {
        var reader = Reader(("B", text));

        Assert.Equal(expected, reader.Boolean("B", !expected));
        Assert.Empty(reader.Errors);
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("2")]
    [InlineData(" ")]
    public void Boolean_of_any_other_form_is_a_mistake(string text)
    {
        var reader = Reader(("B", text));

        reader.Boolean("B", false);

        Assert.Equal([$"env B expected a boolean or 0/1 values, got \"{text}\""], reader.Errors);
    }

    [Fact]
    public void Empty_boolean_text_and_list_are_unset()
    {
        var reader = Reader(("X", ""));

        Assert.True(reader.Boolean("X", true));
        Assert.Null(reader.Text("X"));
        Assert.Equal("fallback", reader.Text("X", "fallback"));
        Assert.Empty(reader.List("X"));
        Assert.Equal(TimeSpan.FromSeconds(2), reader.Milliseconds("X", 2000));
        Assert.Empty(reader.Errors);
    }

    [Fact]
    public void List_is_cut_at_commas_and_trimmed()
    {
        var reader = Reader(("L", " a , b,,c "));

        Assert.Equal(["a", "b", "c"], reader.List("L"));
    }

    [Fact]
    public void Five_mistakes_are_five_lines_of_one_message()
    {
        var reader = Reader(("A", "x"), ("B", "x"), ("C", "0"), ("D", "x"));
        reader.Number("A", 1);
        reader.Boolean("B", false);
        reader.Number("C", 1, 1, 2);
        reader.Milliseconds("D", 1);
        reader.AddError("env E is wrong");

        var exception = Assert.Throws<InvalidConfigurationException>(reader.ThrowIfInvalid);

        Assert.Equal(5, exception.Errors.Count);
        Assert.Equal(
            [
                "The configuration has 5 mistakes:",
                "  env A expected a Integer, got \"x\"",
                "  env B expected a boolean or 0/1 values, got \"x\"",
                "  env C must be between 1 and 2, got 0",
                "  env D expected a Integer, got \"x\"",
                "  env E is wrong",
            ],
            exception.Message.Split(Environment.NewLine));
    }

    private static SettingsReader Reader(params (string Name, string? Value)[] values) => new(
        new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => v.Name, v => v.Value)).Build());
}
