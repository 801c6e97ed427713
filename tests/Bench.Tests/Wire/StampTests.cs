using System.Text;
using System.Text.Json;
using Realtime.Load.Wire;

namespace Realtime.Bench.Tests.Wire;

public sealed class StampTests
{
    [Fact]
    public void Stamp_comes_back_from_a_json_payload_of_the_given_size()
    {
        var payload = Stamp.CreatePayload(128);
        var stamp = new Stamp(3, 0x0102030405060708, long.MaxValue);

        stamp.WriteTo(payload);

        Assert.Equal(128, payload.Length);
        Assert.StartsWith("""{"stamp":"0000000301020304050607087fffffffffffffff","pad":"a""", Encoding.ASCII.GetString(payload));
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(payload).ValueKind);
        Assert.True(Stamp.TryRead(payload, out var read));
        Assert.Equal(stamp, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"stamp":"00""")]
    [InlineData("""{"stamp":"zz00000301020304050607087fffffffffffffff"}""")]
    [InlineData("""{"other":"0000000301020304050607087fffffffffffffff"}""")]
    public void Payload_without_a_stamp_is_not_taken_for_one(string payload) =>
        Assert.False(Stamp.TryRead(Encoding.ASCII.GetBytes(payload), out _));
}
