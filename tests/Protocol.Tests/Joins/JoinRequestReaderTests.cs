using System.Text;
using CsCheck;
using Realtime.Protocol.Joins;

namespace Realtime.Protocol.Tests.Joins;

public sealed class JoinRequestReaderTests
{
    [Fact]
    public void Full_payload_is_read()
    {
        var request = Read("""
            {"config":{"private":true,
              "broadcast":{"self":true,"ack":"TRUE","replication_ready":"false","replay":{"since":1767225600000,"limit":10}},
              "presence":{"enabled":true,"key":"alice"},
              "postgres_changes":[{"event":"*","schema":"public"},null,{"table":"t"}]},
             "access_token":"jwt"}
            """);

        Assert.False(request.IsLegacy);
        Assert.True(request.IsPrivate);
        Assert.True(request.ReceivesOwnBroadcasts);
        Assert.True(request.AcknowledgesBroadcasts);
        Assert.True(request.WantsReplicationReady);
        Assert.Equal(new ReplayRequest(1767225600000, 10, true), request.Replay);
        Assert.True(request.EnablesPresence);
        Assert.Equal("alice", request.PresenceKey);
        Assert.Equal(["""{"event":"*","schema":"public"}""", """{"table":"t"}"""], request.PostgresChanges.Select(Encoding.UTF8.GetString));
        Assert.Equal("jwt", request.Token);
        Assert.Empty(request.InvalidFields);
    }

    [Fact]
    public void Absent_config_is_the_legacy_mode_and_a_null_one_is_not()
    {
        Assert.True(Read("{}").IsLegacy);
        Assert.False(Read("""{"config":null}""").IsLegacy);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("\"True\"", true)]
    [InlineData("false", false)]
    [InlineData("\"FALSE\"", false)]
    [InlineData("null", false)]
    public void Flexible_boolean_is_valid(string value, bool expected)
    {
        var request = Read($$$"""{"config":{"private":{{{value}}}}}""");

        Assert.Equal(expected, request.IsPrivate);
        Assert.Empty(request.InvalidFields);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"yes\"")]
    [InlineData("\" true\"")]
    [InlineData("\"\"")]
    [InlineData("{}")]
    public void Invalid_field_is_replaced_by_its_default_and_siblings_keep_their_value(string value)
    {
        var request = Read("{\"config\":{\"private\":" + value + ",\"broadcast\":{\"self\":true}}}");

        Assert.False(request.IsPrivate);
        Assert.True(request.ReceivesOwnBroadcasts);
        Assert.Equal(["private"], request.InvalidFields);
    }

    [Theory]
    [InlineData("""{"config":{"presence":5}}""")]
    [InlineData("""{"access_token":true}""")]
    public void Other_invalid_fields_are_ignored(string payload)
    {
        var request = Read(payload);

        Assert.False(request.EnablesPresence);
        Assert.Null(request.Token);
        Assert.Single(request.InvalidFields);
    }

    [Theory]
    [InlineData("null", "expected params to be a :map, got: `nil`")]
    [InlineData("5", "expected params to be a :map, got: `5`")]
    [InlineData("\"x\"", "expected params to be a :map, got: `\"x\"`")]
    [InlineData("[1]", "expected params to be a :map, got: `[1]`")]
    [InlineData("""{"config":"x"}""", "no function clause matching in Access.get/3")]
    [InlineData("""{"config":[]}""", "no function clause matching in Access.get/3")]
    [InlineData("""{"config":{"broadcast":"x"}}""", "no function clause matching in Access.get/3")]
    [InlineData("""{"config":{"postgres_changes":[1]}}""", "expected a map, got:\n\n    1\n")]
    public void Unreadable_payload_fails_with_the_text_of_the_contract(string payload, string expected)
    {
        Assert.False(JoinRequestReader.TryRead(Encoding.UTF8.GetBytes(payload), out _, out var error));

        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("\"bob\"", "bob")]
    [InlineData("123", "123")]
    [InlineData("1.5", "1.5")]
    [InlineData("true", "true")]
    [InlineData("\"\"", "")]
    [InlineData("\"  \"", "")]
    [InlineData("null", "")]
    [InlineData("{}", "")]
    [InlineData("[65]", "")]
    public void Presence_key_may_be_any_scalar(string value, string expected)
    {
        Assert.Equal(expected, Read("{\"config\":{\"presence\":{\"key\":" + value + "}}}").PresenceKey);
    }

    [Theory]
    [InlineData("""{"since":0}""", 0L, 25, true)]
    [InlineData("""{"since":-5,"limit":null}""", -5L, 25, true)]
    [InlineData("""{"since":1.5}""", null, 25, false)]
    [InlineData("""{"since":"0"}""", null, 25, false)]
    [InlineData("""{}""", null, 25, false)]
    [InlineData("""{"since":0,"limit":"3"}""", 0L, 0, false)]
    [InlineData("""{"since":253402300800000}""", null, 25, false)]
    public void Replay_is_checked_strictly(string replay, long? since, int limit, bool isValid)
    {
        Assert.Equal(new ReplayRequest(since, limit, isValid), Read("{\"config\":{\"broadcast\":{\"replay\":" + replay + "}}}").Replay);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("3")]
    public void Replay_that_is_no_object_is_only_noticed(string replay)
    {
        var request = Read("{\"config\":{\"broadcast\":{\"replay\":" + replay + "}}}");

        Assert.True(request.HasReplay);
        Assert.Null(request.Replay);
    }

    [Theory]
    [InlineData("""{"access_token":"a"}""", "a")]
    [InlineData("""{"access_token":"a","user_token":"u"}""", "u")]
    [InlineData("""{"user_token":"u"}""", "u")]
    [InlineData("""{"access_token":"sb_x","user_token":"u"}""", null)]
    [InlineData("""{"access_token":null,"user_token":"sb_u"}""", null)]
    [InlineData("""{"access_token":""}""", "")]
    [InlineData("{}", null)]
    public void Token_of_the_join_is_chosen(string payload, string? expected)
    {
        Assert.Equal(expected, Read(payload).Token);
    }

    [Fact]
    public void Any_json_never_throws()
    {
        string[] parts = ["{", "}", "[", "]", "\"config\":", "\"broadcast\":", "\"presence\":", "\"replay\":", "\"\\ud800\"", "\"\\ud800\":", "1e999", "null", ",", "true", "\"key\":"];
        Gen.Int[0, parts.Length - 1].Array[0, 14].Sample(picks =>
        {
            var text = Encoding.UTF8.GetBytes(string.Concat(picks.Select(i => parts[i])));
            try
            {
                using var valid = System.Text.Json.JsonDocument.Parse(text);
            }
            catch (System.Text.Json.JsonException)
            {
                return;
            }

            JoinRequestReader.TryRead(text, out _, out _);
        }, iter: 50_000);
    }

    private static JoinRequest Read(string payload)
    {
        Assert.True(JoinRequestReader.TryRead(Encoding.UTF8.GetBytes(payload), out var request, out _));
        return request;
    }
}
