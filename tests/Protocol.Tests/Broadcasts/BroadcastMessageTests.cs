using System.Text;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Protocol.Tests.Broadcasts;

public sealed class BroadcastMessageTests
{
    [Fact]
    public void Json_body_is_kind_4_for_version_2()
    {
        var message = Message(BroadcastBody.Json, """{"x":1}""", "move");

        var frame = message.FrameFor(ProtocolVersion.V2)!;

        Assert.Equal(
            "821E" + "040E040001" + "7265616C74696D653A6C6F626279" + "6D6F7665" + "7B2278223A317D",
            Convert.ToHexString(frame));
    }

    [Fact]
    public void Binary_body_with_metadata_is_kind_4_with_encoding_0()
    {
        var message = Message(BroadcastBody.Binary, "\u00DE\u00AD", "tick", """{"id":"7f0c"}""");

        var frame = message.FrameFor(ProtocolVersion.V2)!;

        Assert.Equal(
            "040E040D00" + "7265616C74696D653A6C6F626279" + "7469636B" + "7B226964223A2237663063227D" + "DEAD",
            Convert.ToHexString(frame.AsSpan(2)));
    }

    [Fact]
    public void Binary_body_and_push_have_no_form_in_version_1()
    {
        Assert.Null(Message(BroadcastBody.Binary, "ab", "tick").FrameFor(ProtocolVersion.V1));
        Assert.Null(Message(BroadcastBody.Push, "ab").FrameFor(ProtocolVersion.V1));
    }

    [Fact]
    public void Push_is_kind_2_for_version_2()
    {
        var frame = Message(BroadcastBody.Push, "\u00CA\u00FE").FrameFor(ProtocolVersion.V2)!;

        Assert.Equal(
            "020E09" + "7265616C74696D653A6C6F626279" + "62726F616463617374" + "CAFE",
            Convert.ToHexString(frame.AsSpan(2)));
    }

    [Theory]
    [InlineData(ProtocolVersion.V1, """{"topic":"realtime:lobby","event":"broadcast","payload":{"a":[1, 2]},"ref":null}""")]
    [InlineData(ProtocolVersion.V2, """[null,null,"realtime:lobby","broadcast",{"a":[1, 2]}]""")]
    public void Envelope_keeps_the_payload_as_given(ProtocolVersion version, string expected)
    {
        var frame = Message(BroadcastBody.Envelope, """{"a":[1, 2]}""").FrameFor(version)!;

        Assert.Equal(0x81, frame[0]);
        Assert.Equal(expected, Encoding.UTF8.GetString(frame.AsSpan(2)));
    }

    [Fact]
    public void Json_body_is_wrapped_for_version_1()
    {
        var frame = Message(BroadcastBody.Json, """{"x":1}""", "mo\"ve", """{"id":"7"}""").FrameFor(ProtocolVersion.V1)!;

        Assert.Equal(
            """{"topic":"realtime:lobby","event":"broadcast","payload":{"type":"broadcast","event":"mo\"ve","meta":{"id":"7"},"payload":{"x":1}},"ref":null}""",
            Encoding.UTF8.GetString(frame.AsSpan(4)));
    }

    [Fact]
    public void Names_over_255_bytes_have_no_binary_frame()
    {
        Assert.Null(Message(BroadcastBody.Json, "{}", new string('e', 256)).FrameFor(ProtocolVersion.V2));
        Assert.NotNull(Message(BroadcastBody.Json, "{}", new string('e', 255)).FrameFor(ProtocolVersion.V2));
    }

    [Fact]
    public void Frame_is_encoded_once_per_version()
    {
        var message = Message(BroadcastBody.Json, "{}", "e");

        Assert.Same(message.FrameFor(ProtocolVersion.V2), message.FrameFor(ProtocolVersion.V2));
    }

    private static BroadcastMessage Message(BroadcastBody body, string latin1Payload, string userEvent = "", string metadata = "") => new()
    {
        Body = body,
        Topic = "realtime:lobby"u8.ToArray(),
        UserEvent = Encoding.UTF8.GetBytes(userEvent),
        Metadata = Encoding.UTF8.GetBytes(metadata),
        Payload = Encoding.Latin1.GetBytes(latin1Payload),
    };
}
