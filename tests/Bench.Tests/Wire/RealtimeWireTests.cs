using System.Text;
using Realtime.Load.Wire;

namespace Realtime.Bench.Tests.Wire;

public sealed class RealtimeWireTests
{
    private const string JoinPayload =
        """{"config":{"private":false,"broadcast":{"self":true,"ack":false},"presence":{"key":"","enabled":false},"postgres_changes":[]}}""";

    private static readonly RealtimeWireV1 V1 = new("/socket", "a.b.c");
    private static readonly RealtimeWireV2 V2 = new("/socket", "a.b.c");

    [Fact]
    public void Handshake_goes_to_the_endpoint_with_token_and_version()
    {
        Assert.Equal("/socket/websocket?apikey=a.b.c&vsn=1.0.0", V1.RequestTarget("lobby"));
        Assert.Equal("/socket/websocket?apikey=a.b.c&vsn=2.0.0", V2.RequestTarget("lobby"));
    }

    [Fact]
    public void Join_of_version_1_is_an_object() => Assert.Equal(
        $$"""{"topic":"realtime:lobby","event":"phx_join","payload":{{JoinPayload}},"ref":"1","join_ref":"1"}""",
        Encoding.UTF8.GetString(V1.JoinMessage("lobby")));

    [Fact]
    public void Join_of_version_2_is_an_array() => Assert.Equal(
        $"""["1","1","realtime:lobby","phx_join",{JoinPayload}]""",
        Encoding.UTF8.GetString(V2.JoinMessage("lobby")));

    [Fact]
    public void Heartbeats_are_those_of_the_protocol()
    {
        Assert.Equal("""{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"h"}""", Encoding.UTF8.GetString(V1.HeartbeatMessage));
        Assert.Equal("""[null,"h","phoenix","heartbeat",{}]""", Encoding.UTF8.GetString(V2.HeartbeatMessage));
    }

    [Fact]
    public void Push_of_version_2_has_the_bytes_of_kind_3() => Assert.Equal(
        "0301010E040001" + "33" + "39" + "7265616C74696D653A6C6F626279" + "6D6F7665",
        Convert.ToHexString(RealtimeWireV2.PushHead("3", "9", "realtime:lobby", "move")));

    [Fact]
    public void Push_of_version_2_ends_with_the_payload()
    {
        var push = V2.CreatePublish("lobby", """{"x":1}"""u8);

        Assert.Equal(
            "0301010E040001" + "31" + "32" + "7265616C74696D653A6C6F626279" + "6C6F6164" + "7B2278223A317D",
            Convert.ToHexString(push.Bytes));
        Assert.Equal("""{"x":1}"""u8, push.Bytes.AsSpan(push.PayloadOffset));
    }

    [Fact]
    public void Push_of_version_1_is_an_object_around_the_payload()
    {
        var push = V1.CreatePublish("lobby", """{"x":1}"""u8);

        Assert.Equal(
            """{"topic":"realtime:lobby","event":"broadcast","payload":{"type":"broadcast","event":"load","payload":{"x":1}},"ref":"2","join_ref":"1"}""",
            Encoding.UTF8.GetString(push.Bytes));
        Assert.Equal("""{"x":1}"""u8, push.Bytes.AsSpan(push.PayloadOffset, 7));
    }

    [Theory]
    [InlineData("040E040001" + "7265616C74696D653A6C6F626279" + "6D6F7665" + "7B2278223A317D", "7B2278223A317D")]
    [InlineData("040E040D00" + "7265616C74696D653A6C6F626279" + "7469636B" + "7B226964223A2237663063227D" + "DEAD", "DEAD")]
    [InlineData("020E09" + "7265616C74696D653A6C6F626279" + "62726F616463617374" + "CAFE", "")]
    [InlineData("04FF040001", "")]
    [InlineData("04", "")]
    public void Payload_of_a_kind_4_message_is_what_follows_the_names(string message, string payload) =>
        Assert.Equal(payload, Convert.ToHexString(V2.FindPayload(Opcode.Binary, Convert.FromHexString(message))));

    [Fact]
    public void Payload_of_version_1_is_found_inside_the_object()
    {
        var stamped = Stamp.CreatePayload(100);
        byte[] message =
        [
            .. """{"topic":"realtime:lobby","event":"broadcast","payload":{"type":"broadcast","event":"load","payload":"""u8,
            .. stamped,
            .. "},\"ref\":null}"u8,
        ];

        Assert.True(V1.FindPayload(Opcode.Text, message).StartsWith(stamped));
    }

    [Theory]
    [InlineData("""["1","1","realtime:lobby","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""", Signal.Joined)]
    [InlineData("""["1","1","realtime:lobby","phx_reply",{"response":{"reason":"x"},"status":"error"}]""", Signal.Failed)]
    [InlineData("""[null,"h","phoenix","phx_reply",{"status":"ok","response":{}}]""", Signal.None)]
    [InlineData("""["1",null,"realtime:lobby","presence_state",{}]""", Signal.None)]
    [InlineData("""["1",null,"realtime:lobby","system",{"extension":"system","status":"error","message":"Too many messages per second","channel":"lobby"}]""", Signal.Failed)]
    [InlineData("""[null,null,"realtime:lobby","system",{"extension":"system","status":"ok","message":"x"}]""", Signal.None)]
    [InlineData("""["1","1","realtime:lobby","phx_close",{}]""", Signal.Failed)]
    [InlineData("""["1","1","realtime:lobby","phx_error",{"reason":"channel_crash"}]""", Signal.Failed)]
    public void Signal_of_version_2_is_read_from_the_array(string message, object expected) =>
        Assert.Equal(expected, V2.ReadSignal(Encoding.UTF8.GetBytes(message)));

    [Theory]
    [InlineData("""{"topic":"realtime:lobby","event":"phx_reply","ref":"1","payload":{"status":"ok","response":{"postgres_changes":[]}}}""", Signal.Joined)]
    [InlineData("""{"payload":{"status":"error","response":{"reason":"x"}},"ref":"1","event":"phx_reply","topic":"realtime:lobby"}""", Signal.Failed)]
    [InlineData("""{"topic":"phoenix","event":"phx_reply","ref":"h","payload":{"status":"ok","response":{}}}""", Signal.None)]
    [InlineData("""{"topic":"realtime:lobby","event":"phx_close","payload":{},"ref":"1"}""", Signal.Failed)]
    public void Signal_of_version_1_is_read_from_the_object(string message, object expected) =>
        Assert.Equal(expected, V1.ReadSignal(Encoding.UTF8.GetBytes(message)));

    [Theory]
    [InlineData("")]
    [InlineData("[1")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("""{"event":5}""")]
    public void Signal_that_is_no_message_is_an_error(string message)
    {
        Assert.Throws<WireException>(() => V2.ReadSignal(Encoding.UTF8.GetBytes(message)));
        Assert.Throws<WireException>(() => V1.ReadSignal(Encoding.UTF8.GetBytes(message)));
    }
}
