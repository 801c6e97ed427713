using System.Text;
using Realtime.Protocol.Presence;

namespace Realtime.Protocol.Tests.Presence;

public sealed class PresencePayloadTests
{
    [Theory]
    [InlineData("{}", "")]
    [InlineData("{ }", "")]
    [InlineData("{ \"a\" : 1e3 }", "\"a\" : 1e3")]
    [InlineData("""{"phx_ref":"x"}""", "")]
    [InlineData("""{"phx_ref":{"a":[1,2]},"b":[{"phx_ref":1}],"phx_ref_prev":null}""", """
        "b":[{"phx_ref":1}]
        """)]
    [InlineData("""{"a":1, "phx\u005fref":"x" ,"b" : 2}""", """
        "a":1,"b" : 2
        """)]
    public void Members_pass_as_they_are_without_those_of_the_server(string json, string members) =>
        Assert.Equal(members, Encoding.UTF8.GetString(Payload(json).Members.Span));

    [Theory]
    [InlineData("""{"a":1,"b":[true,"x"]}""", """{ "b" : [ true, "\u0078" ], "a" : 1.0 }""")]
    [InlineData("{}", "{ }")]
    [InlineData("""{"a":1}""", """{"a":1,"phx_ref":"x"}""")]
    public void Equal_values_are_equal_however_they_are_written(string one, string other) =>
        Assert.True(Payload(one).HasValueOf(Payload(other)));

    [Theory]
    [InlineData("""{"a":1}""", """{"a":2}""")]
    [InlineData("""{"a":1}""", """{"a":"1"}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""")]
    [InlineData("""{"a":null}""", "{}")]
    [InlineData("""{"a":1e99999999999}""", """{"a":10e99999999998}""")]
    [InlineData("""{"a":"\ud800"}""", """{"a" :"\ud800"}""")]
    [InlineData("""{"a":{"\ud800":1}}""", """{"a":{"\ud800" :1}}""")]
    public void Different_or_incomparable_values_are_different(string one, string other) =>
        Assert.False(Payload(one).HasValueOf(Payload(other)));

    [Fact]
    public void Values_as_deep_as_messages_may_be_are_compared()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 509)) + string.Concat(Enumerable.Repeat("]", 509));

        Assert.True(Payload($$"""{"a":{{deep}},"b":1}""").HasValueOf(Payload($$"""{"b":1,"a":{{deep}}}""")));
    }

    private static PresencePayload Payload(string json)
    {
        Assert.True(PresencePayload.TryCreate(Encoding.UTF8.GetBytes(json), out var payload));
        return payload;
    }
}
