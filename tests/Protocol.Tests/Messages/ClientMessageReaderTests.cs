using System.Text;
using CsCheck;
using Realtime.Protocol.Messages;

namespace Realtime.Protocol.Tests.Messages;

public sealed class ClientMessageReaderTests
{
    [Fact]
    public void Array_of_version_2_is_taken_apart()
    {
        var data = """["1", "2","realtime:lobby","broadcast", {"a": [1, "]"]} ]"""u8.ToArray();

        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, false, data, out var message));

        Assert.Equal("\"1\"", Text(message.JoinRef));
        Assert.Equal("\"2\"", Text(message.Ref));
        Assert.Equal("realtime:lobby", Text(message.Topic));
        Assert.Equal(ChannelEvent.Broadcast, message.Event);
        Assert.Equal("""{"a": [1, "]"]}""", Text(message.Payload));
        Assert.True(message.HasObjectPayload);
    }

    [Fact]
    public void Object_of_version_1_is_taken_apart_in_any_order()
    {
        var data = """{"ref":"7","payload":{"x":1},"extra":[{}],"event":"phx_join","topic":"realtime:a","join_ref":"5"}"""u8.ToArray();

        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V1, false, data, out var message));

        Assert.Equal("\"5\"", Text(message.JoinRef));
        Assert.Equal("\"7\"", Text(message.Ref));
        Assert.Equal("realtime:a", Text(message.Topic));
        Assert.Equal(ChannelEvent.Join, message.Event);
        Assert.Equal("""{"x":1}""", Text(message.Payload));
    }

    [Theory]
    [InlineData("""["1",2,"t","phx_leave",{}]""", "2")]
    [InlineData("""["1",null,"t","phx_leave",{}]""", "")]
    [InlineData("""["1",{"a":1},"t","phx_leave",{}]""", """{"a":1}""")]
    public void Refs_of_any_type_are_kept_as_they_came(string json, string expected)
    {
        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, false, Encoding.UTF8.GetBytes(json), out var message));

        Assert.Equal(expected, Text(message.Ref));
    }

    [Fact]
    public void Array_may_have_more_than_five_elements()
    {
        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, false, """[null,"1","t","x",{},[1],2]"""u8, out var message));

        Assert.Equal("{}", Text(message.Payload));
    }

    [Fact]
    public void Escapes_in_names_are_resolved()
    {
        Assert.True(ClientMessageReader.TryRead(
            ProtocolVersion.V2, false, """[null,"1","realtime:\u00e4\"b","bro\u0061dcast",{}]"""u8, out var message));

        Assert.Equal("realtime:ä\"b", Text(message.Topic));
        Assert.Equal(ChannelEvent.Broadcast, message.Event);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("""["1","2","t","e"]""")]
    [InlineData("""{"topic":"t","event":"e","payload":{},"ref":"1"}""")]
    [InlineData("""["1","2","t","e",{}] x""")]
    [InlineData("""["1","2",5,"e",{}]""")]
    [InlineData("""["1","2","t",null,{}]""")]
    [InlineData("""["1","2","\ud800","e",{}]""")]
    [InlineData("""["1","2","t","e",{"a":}]""")]
    [InlineData("""["1","2","t","e",01]""")]
    public void Malformed_text_of_version_2_is_refused(string text)
    {
        Assert.False(ClientMessageReader.TryRead(ProtocolVersion.V2, false, Encoding.UTF8.GetBytes(text), out _));
    }

    [Theory]
    [InlineData("""["1","2","t","e",{}]""")]
    [InlineData("""{"event":"e","payload":{},"ref":"1"}""")]
    [InlineData("""{"topic":"t","payload":{},"ref":"1"}""")]
    [InlineData("""{"topic":"t","event":"e","ref":"1"}""")]
    [InlineData("""{"topic":"t","event":"e","payload":{}}""")]
    [InlineData("""{"topic":"t","event":"e","payload":{},"ref":"1"}x""")]
    [InlineData("null")]
    public void Malformed_text_of_version_1_is_refused(string text)
    {
        Assert.False(ClientMessageReader.TryRead(ProtocolVersion.V1, false, Encoding.UTF8.GetBytes(text), out _));
    }

    [Fact]
    public void Version_1_reads_json_from_binary_frames_and_version_2_does_not()
    {
        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V1, true, """{"topic":"t","event":"e","payload":null,"ref":null}"""u8, out _));
        Assert.False(ClientMessageReader.TryRead(ProtocolVersion.V2, true, """[null,null,"t","e",{}]"""u8, out _));
    }

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        byte[] data = [.. "[null,null,\"t\",\"e\",\""u8, 0xC3, 0x28, .. "\"]"u8];

        Assert.False(ClientMessageReader.TryRead(ProtocolVersion.V2, false, data, out _));
    }

    [Fact]
    public void Nesting_is_bounded()
    {
        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, false, Nested(500), out _));
        Assert.False(ClientMessageReader.TryRead(ProtocolVersion.V2, false, Nested(100_000), out _));
    }

    [Fact]
    public void Kind_0_is_taken_apart()
    {
        var data = Convert.FromHexString("0001010E0931337265616C74696D653A6C6F62627962726F616463617374CAFE");

        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, true, data, out var message));

        Assert.Equal(MessageForm.Push, message.Form);
        Assert.Equal(ChannelEvent.Broadcast, message.Event);
        Assert.Equal("\"1\"", Text(message.JoinRef));
        Assert.Equal("\"3\"", Text(message.Ref));
        Assert.Equal("realtime:lobby", Text(message.Topic));
        Assert.Equal("CAFE", Convert.ToHexString(message.Payload));
    }

    [Theory]
    [InlineData("030101 0E0400 00 31 34 7265616C74696D653A6C6F626279 7469636B DEAD", "tick", "DEAD", false)]
    [InlineData("030101 0E0400 01 33 39 7265616C74696D653A6C6F626279 6D6F7665 7B2278223A317D", "move", "7B2278223A317D", true)]
    [InlineData("030101 0E0402 07 33 39 7265616C74696D653A6C6F626279 6D6F7665 7B7D 31", "move", "31", true)]
    public void Kind_3_is_taken_apart(string hex, string userEvent, string payload, bool isJson)
    {
        var data = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, true, data, out var message));

        Assert.Equal(MessageForm.UserBroadcast, message.Form);
        Assert.Equal(ChannelEvent.Broadcast, message.Event);
        Assert.Equal("realtime:lobby", Text(message.Topic));
        Assert.Equal(userEvent, Text(message.UserEvent));
        Assert.Equal(payload, Convert.ToHexString(message.Payload));
        Assert.Equal(isJson, message.IsJsonPayload);
    }

    [Theory]
    [InlineData("", "nothing")]
    [InlineData("01", "a server kind")]
    [InlineData("05010101", "an unknown kind")]
    [InlineData("00010101", "a header cut short")]
    [InlineData("0001010EFF31", "names cut short")]
    [InlineData("03010101000001", "names cut short")]
    [InlineData("0300000100030074" + "7B7B7B", "metadata that is no JSON")]
    [InlineData("0300000100000174" + "7B6E6F", "a JSON payload that is no JSON")]
    [InlineData("03000002000000C328", "a topic that is no UTF-8")]
    public void Malformed_binary_frame_is_refused(string hex, string why)
    {
        Assert.False(ClientMessageReader.TryRead(ProtocolVersion.V2, true, Convert.FromHexString(hex), out _), why);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Bool, Gen.Bool).Sample((data, isBinary, isV2) =>
        {
            ClientMessageReader.TryRead(isV2 ? ProtocolVersion.V2 : ProtocolVersion.V1, isBinary, data, out _);
        });
    }

    [Fact]
    public void Mutated_messages_never_throw_and_what_is_read_is_valid()
    {
        byte[][] seeds =
        [
            """["1","2","realtime:lobby","broadcast",{"type":"broadcast","event":"e\u00e4","payload":{"a":[1,2,{"b":null}]}}]"""u8.ToArray(),
            """{"topic":"realtime:lobby","event":"phx_join","payload":{"config":{}},"ref":"1","join_ref":"1"}"""u8.ToArray(),
            Convert.FromHexString("0301010E040001" + "3339" + "7265616C74696D653A6C6F626279" + "6D6F7665" + "7B2278223A317D"),
        ];
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 200], Gen.Byte, Gen.Int[0, 200]).Sample((seed, at, value, cut) =>
        {
            var data = seeds[seed].ToArray();
            data[at % data.Length] = value;
            data = cut < data.Length ? data[..^cut] : data;

            var isRead = ClientMessageReader.TryRead(seed == 1 ? ProtocolVersion.V1 : ProtocolVersion.V2, seed == 2, data, out var message);

            if (isRead && message.Form == MessageForm.Text)
            {
                using var payload = System.Text.Json.JsonDocument.Parse(message.Payload.ToArray());
            }
        });
    }

    private static byte[] Nested(int depth) =>
        Encoding.UTF8.GetBytes("[null,null,\"t\",\"e\"," + new string('[', depth) + new string(']', depth) + "]");

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
