using System.Buffers;
using CsCheck;
using Realtime.Protocol.WebSockets;

namespace Realtime.Protocol.Tests.WebSockets;

public sealed class ClientFrameHeaderTests
{
    private const int Max = 5_000_000;

    [Theory]
    [InlineData("8185")]
    [InlineData("81")]
    [InlineData("")]
    [InlineData("81FE00")]
    [InlineData("81FF00000000000100")]
    public void Header_that_has_not_arrived_completely_is_incomplete(string hex)
    {
        Assert.Equal(FrameHeaderStatus.Incomplete, Read(hex, out _));
    }

    [Theory]
    [InlineData("810548656C6C6F", "not masked")]
    [InlineData("C18537FA213D", "reserved bit 1")]
    [InlineData("A18537FA213D", "reserved bit 2")]
    [InlineData("918537FA213D", "reserved bit 3")]
    [InlineData("838537FA213D", "opcode 3")]
    [InlineData("8B8537FA213D", "opcode 11")]
    [InlineData("098037FA213D", "fragmented ping")]
    [InlineData("89FE007E37FA213D", "ping of 126 bytes")]
    [InlineData("81FE007D37FA213D", "length not minimal in 16 bits")]
    [InlineData("81FF000000000000FFFF37FA213D", "length not minimal in 64 bits")]
    [InlineData("81FF800000000000000037FA213D", "length with the top bit")]
    public void Header_that_breaks_the_rules_is_a_protocol_error(string hex, string why)
    {
        Assert.True(Read(hex, out _) == FrameHeaderStatus.ProtocolError, why);
    }

    [Theory]
    [InlineData("81FF00000000004C4B4037FA213D", FrameHeaderStatus.Complete)]
    [InlineData("81FF00000000004C4B4137FA213D", FrameHeaderStatus.TooBig)]
    [InlineData("81FF7FFFFFFFFFFFFFFF37FA213D", FrameHeaderStatus.TooBig)]
    public void Payload_over_5_000_000_bytes_is_too_big(string hex, FrameHeaderStatus expected)
    {
        Assert.Equal(expected, Read(hex, out _));
    }

    [Fact]
    public void Rfc_example_is_unmasked()
    {
        var frame = new ReadOnlySequence<byte>(Convert.FromHexString("818537FA213D7F9F4D5158"));
        Assert.Equal(FrameHeaderStatus.Complete, ClientFrameHeader.TryRead(frame, Max, out var header));

        var payload = new byte[header.PayloadLength];
        Masking.CopyUnmasked(frame.Slice(header.HeaderLength), header.Mask, payload);

        Assert.Equal("Hello"u8.ToArray(), payload);
    }

    [Fact]
    public void Unmasking_is_the_same_however_the_bytes_are_cut()
    {
        Gen.Select(Gen.Byte.Array[0, 300], Gen.UInt, Gen.Int[1, 40]).Sample((data, mask, cut) =>
        {
            var expected = data.Select((b, i) => (byte)(b ^ (mask >> (8 * (i % 4))))).ToArray();
            var actual = new byte[data.Length];

            Masking.CopyUnmasked(Segmented.Create(data, cut), mask, actual);

            Assert.Equal(expected, actual);
        });
    }

    [Fact]
    public void Reading_any_bytes_never_throws_and_does_not_depend_on_the_cut()
    {
        Gen.Select(Gen.Byte.Array[0, 20], Gen.Int[1, 5]).Sample((data, cut) =>
        {
            var whole = ClientFrameHeader.TryRead(new ReadOnlySequence<byte>(data), Max, out var expected);

            var status = ClientFrameHeader.TryRead(Segmented.Create(data, cut), Max, out var header);

            Assert.Equal((whole, expected), (status, header));
        });
    }

    private static FrameHeaderStatus Read(string hex, out ClientFrameHeader header) =>
        ClientFrameHeader.TryRead(new ReadOnlySequence<byte>(Convert.FromHexString(hex)), Max, out header);
}
