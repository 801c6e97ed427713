using System.Text;
using Realtime.Protocol.Messages;

namespace Realtime.Protocol.Tests.Messages;

public sealed class ServerMessageTests
{
    private static readonly byte[] Topic = "realtime:lobby"u8.ToArray();

    [Fact]
    public void Reply_has_the_form_of_each_version()
    {
        var v1 = ServerMessage.Reply(ProtocolVersion.V1, "\"1\""u8, "\"2\""u8, Topic, true, "{}"u8);
        var v2 = ServerMessage.Reply(ProtocolVersion.V2, "\"1\""u8, "\"2\""u8, Topic, true, "{}"u8);

        Assert.Equal("""{"topic":"realtime:lobby","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":"2"}""", Text(v1));
        Assert.Equal("""["1","2","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""", Text(v2));
    }

    [Fact]
    public void Error_reply_names_the_reason()
    {
        var frame = ServerMessage.ErrorReply(ProtocolVersion.V2, default, "\"5\""u8, "foo:bar"u8, "unmatched topic");

        Assert.Equal("""[null,"5","foo:bar","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]""", Text(frame));
    }

    [Fact]
    public void System_message_names_the_sub_topic()
    {
        var frame = ServerMessage.System(ProtocolVersion.V2, "\"1\""u8, Topic, "system"u8, false, "Token has expired 0 seconds ago");

        Assert.Equal(
            """["1",null,"realtime:lobby","system",{"extension":"system","status":"error","message":"Token has expired 0 seconds ago","channel":"lobby"}]""",
            Text(frame));
    }

    [Fact]
    public void Disconnect_request_names_no_channel()
    {
        var frame = ServerMessage.DisconnectRequested(ProtocolVersion.V2, Topic);

        Assert.Equal(
            """[null,null,"realtime:lobby","system",{"extension":"system","status":"ok","message":"Server requested disconnect"}]""", Text(frame));
    }

    [Fact]
    public void Topics_and_reasons_are_escaped()
    {
        var frame = ServerMessage.ErrorReply(ProtocolVersion.V1, default, default, "a\"\n"u8, "kid \"x\"");

        Assert.Equal(
            """{"topic":"a\"\n","event":"phx_reply","payload":{"status":"error","response":{"reason":"kid \"x\""}},"ref":null}""", Text(frame));
    }

    private static string Text(byte[] frame)
    {
        Assert.Equal(0x81, frame[0]);
        return Encoding.UTF8.GetString(frame.AsSpan(frame[1] == 126 ? 4 : 2));
    }
}
