using Realtime.Protocol.WebSockets;

namespace Realtime.Protocol.Tests.WebSockets;

public sealed class ServerFrameTests
{
    [Theory]
    [InlineData(0, "8100")]
    [InlineData(125, "817D")]
    [InlineData(126, "817E007E")]
    [InlineData(65_535, "817EFFFF")]
    [InlineData(65_536, "817F0000000000010000")]
    public void Header_has_the_shortest_length(int payloadLength, string header)
    {
        var frame = ServerFrame.Create(WebSocketOpcode.Text, new byte[payloadLength]);

        Assert.Equal(header, Convert.ToHexString(frame.AsSpan(0, header.Length / 2)));
        Assert.Equal((header.Length / 2) + payloadLength, frame.Length);
    }

    [Fact]
    public void Close_has_a_code_and_no_reason()
    {
        Assert.Equal("880203F4", Convert.ToHexString(ServerFrame.CreateClose(1012)));
    }
}
