using Realtime.Load.Wire;

namespace Realtime.Bench.Tests.Wire;

public sealed class FrameTests
{
    [Fact]
    public void Client_frame_is_masked_as_in_the_example_of_rfc_6455()
    {
        var frame = ClientFrame.Create(Opcode.Text, "Hello"u8, 0x37fa213d);

        Assert.Equal("818537FA213D7F9F4D5158", Convert.ToHexString(frame));
    }

    [Theory]
    [InlineData(125, "82FD")]
    [InlineData(126, "82FE007E")]
    [InlineData(65_535, "82FEFFFF")]
    [InlineData(65_536, "82FF0000000000010000")]
    public void Client_frame_has_the_shortest_length_that_fits(int payloadBytes, string header)
    {
        var frame = ClientFrame.Create(Opcode.Binary, new byte[payloadBytes], 0);

        Assert.StartsWith(header, Convert.ToHexString(frame));
        Assert.Equal(payloadBytes + (header.Length / 2) + 4, frame.Length);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(126)]
    [InlineData(65_536)]
    public void Server_frame_is_read_only_when_it_is_complete(int payloadBytes)
    {
        var bytes = UnmaskedBinary(payloadBytes);

        for (var length = 0; length < bytes.Length; length += Math.Max(1, payloadBytes / 100))
        {
            Assert.False(ServerFrame.TryRead(bytes.AsSpan(0, length), out _));
        }

        Assert.True(ServerFrame.TryRead([.. bytes, 0x81], out var frame));
        Assert.Equal(Opcode.Binary, frame.Opcode);
        Assert.Equal(payloadBytes, frame.Payload.Length);
        Assert.Equal(bytes.Length, frame.Length);
    }

    [Theory]
    [InlineData("818537FA213D7F9F4D5158")] // masked
    [InlineData("0105")] // first of several fragments
    [InlineData("8005")] // continuation
    [InlineData("C105")] // compressed
    [InlineData("827F7FFFFFFFFFFFFFFF")] // far too long
    public void Server_frame_that_no_server_should_send_is_refused(string hex) =>
        Assert.Throws<WireException>(() => ServerFrame.TryRead(Convert.FromHexString(hex), out _));

    [Fact]
    public void Handshake_answer_ends_where_the_first_frame_begins()
    {
        var answer = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"u8.ToArray();

        Assert.Equal(answer.Length, Handshake.ReadAnswer([.. answer, 0x81, 0x00]));
        Assert.Equal(0, Handshake.ReadAnswer(answer.AsSpan(0, answer.Length - 1)));
    }

    [Fact]
    public void Handshake_refusal_says_why()
    {
        var failure = Assert.Throws<WireException>(() =>
            Handshake.ReadAnswer("HTTP/1.1 401 Unauthorized\r\nA: b\r\n\r\n{\"error\":\"Token has expired\"}"u8));

        Assert.Equal("Handshake refused: HTTP/1.1 401 Unauthorized {\"error\":\"Token has expired\"}", failure.Message);
    }

    private static byte[] UnmaskedBinary(int payloadBytes)
    {
        byte[] header = payloadBytes switch
        {
            < 126 => [0x82, (byte)payloadBytes],
            < 65_536 => [0x82, 126, (byte)(payloadBytes >> 8), (byte)payloadBytes],
            _ => [0x82, 127, 0, 0, 0, 0, 0, (byte)(payloadBytes >> 16), (byte)(payloadBytes >> 8), (byte)payloadBytes],
        };
        return [.. header, .. new byte[payloadBytes]];
    }
}
