using System.Numerics;
using System.Text;
using System.Text.Json;
using CsCheck;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Protocol.Tests.Broadcasts;

public sealed class PayloadSizeTests
{
    [Theory]
    [InlineData("""{}""", 6)]
    [InlineData("""{"a":"b"}""", 18)]
    [InlineData("""{"text":"hello"}""", 25)]
    [InlineData("""[]""", 2)]
    [InlineData("""[7]""", 1 + 4)]
    [InlineData("""[0,255,-0]""", 1 + 6)]
    [InlineData("""[0,256]""", 1 + 6 + 2 + 5)]
    [InlineData("""[0,-1]""", 1 + 6 + 2 + 5)]
    [InlineData("""[0,1.0]""", 1 + 6 + 2 + 9)]
    [InlineData("""[1,2,[]]""", 1 + 6 + 2 + 2 + 1)]
    [InlineData("""[[],1,2]""", 1 + 6 + 1 + 2 + 2)]
    [InlineData("""[[1,2],[3]]""", 1 + 6 + 5 + 4)]
    [InlineData("""[1,{"a":[2]},3]""", 1 + 6 + 2 + (5 + 6 + 4) + 2)]
    [InlineData("""[1,true]""", 1 + 6 + 2 + 6)]
    [InlineData("""true""", 7)]
    [InlineData("""false""", 8)]
    [InlineData("""null""", 6)]
    [InlineData("""0""", 3)]
    [InlineData("""255""", 3)]
    [InlineData("""-0""", 3)]
    [InlineData("""256""", 6)]
    [InlineData("""-1""", 6)]
    [InlineData("""2147483647""", 6)]
    [InlineData("""-2147483648""", 6)]
    [InlineData("""2147483648""", 1 + 7)]
    [InlineData("""-2147483649""", 1 + 7)]
    [InlineData("""9007199254740993""", 1 + 10)]
    [InlineData("""18446744073709551616""", 1 + 12)]
    [InlineData("""10000000000000000000000000000000000000000""", 1 + 20)]
    [InlineData("""1e3""", 10)]
    [InlineData("""1.5""", 10)]
    [InlineData("\"\\n\\\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", 1 + 5 + 1 + 1 + 1 + 2 + 3 + 4)]
    [InlineData("\"é€😀\"", 1 + 5 + 2 + 3 + 4)]
    [InlineData(" { \"a\" : [ 1 , 2 ] } ", 1 + 5 + 6 + 5)]
    public void Each_kind_of_value_has_its_size(string json, long expected) =>
        Assert.Equal(expected, PayloadSize.Measure(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Fifty_sevens_are_a_list_of_bytes() => Assert.Equal(1 + 53, Measure("[" + string.Join(',', Enumerable.Repeat(7, 50)) + "]"));

    [Theory]
    [InlineData(65_535, 1 + 3 + 65_535)]
    [InlineData(65_536, 1 + 6 + (2 * 65_536))]
    public void A_list_of_bytes_ends_at_65535_elements(int count, long expected) =>
        Assert.Equal(expected, Measure("[" + string.Join(',', Enumerable.Repeat(7, count)) + "]"));

    [Fact]
    public void Integers_over_255_bytes_have_a_longer_head()
    {
        var largest = BigInteger.Pow(256, 255) - 1;

        Assert.Equal(1 + 3 + 255, Measure($"{largest}"));
        Assert.Equal(1 + 6 + 256, Measure($"{largest + 1}"));
        Assert.Equal(1 + 6 + 256, Measure($"{-largest - 1}"));
    }

    [Fact]
    public void Integers_of_thousands_of_digits_are_sized_by_logarithm()
    {
        foreach (var bytes in new[] { 417, 500, 4_000, 12_345 })
        {
            var smallest = BigInteger.Pow(256, bytes - 1) * 257 / 256;

            Assert.Equal(1 + 6 + bytes, Measure($"{smallest}"));
        }
    }

    [Fact]
    public void A_number_of_eight_million_digits_is_sized_at_once() => Assert.InRange(Measure(new string('9', 8_000_000)), 3_300_000, 3_330_000);

    [Fact]
    public void Nesting_of_any_depth_is_measured() =>
        Assert.Equal(1 + (6L * 999_999) + 1, Measure(new string('[', 1_000_000) + new string(']', 1_000_000)));

    [Theory]
    [InlineData(1427, false)]
    [InlineData(1428, true)]
    public void The_limit_itself_still_passes(int length, bool exceeds)
    {
        var json = Encoding.UTF8.GetBytes("{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{\"p\":\"" + new string('x', length) + "\"}}");

        Assert.Equal(exceeds, PayloadSize.Exceeds(json, 1500));
    }

    [Theory]
    [InlineData(1494, false)]
    [InlineData(1495, true)]
    public void Bytes_count_six_more_than_their_length(long length, bool exceeds) => Assert.Equal(exceeds, PayloadSize.BytesExceed(length, 1500));

    [Fact]
    public void Every_value_measures_as_the_formula_says_and_is_never_larger_than_three_times_its_text() => AnyJson.Sample(json =>
    {
        var text = Encoding.UTF8.GetBytes(json);
        using var document = JsonDocument.Parse(text);
        var expected = 1 + Formula(document.RootElement);

        Assert.Equal(expected, PayloadSize.Measure(text));
        Assert.InRange(expected, 0, 1 + (3 * text.Length));
        Assert.False(PayloadSize.Exceeds(text, expected));
        Assert.True(PayloadSize.Exceeds(text, expected - 1));
    });

    private static readonly Gen<string> Scalar = Gen.OneOf(
        Gen.Int[-300, 300].Select(i => $"{i}"),
        Gen.Int.Select(i => $"{i}"),
        Gen.Long.Select(i => $"{i}"),
        Gen.Int[1, 600].Select(digits => "-" + new string('8', digits)),
        Gen.OneOfConst("1e0", "0.5", "-3E+2", "true", "false", "null", "-0", "\"\"", "\"\\u0007\\/\"", "\"\\uD83D\\uDE00x\""),
        Gen.String.Where(s => !s.Any(char.IsSurrogate)).Select(s => JsonSerializer.Serialize(s)));

    private static readonly Gen<string> AnyJson = Gen.Recursive<string>((depth, any) => depth > 4
        ? Scalar
        : Gen.OneOf(
            Scalar,
            Gen.Int[0, 260].Array[0, 6].Select(a => $"[{string.Join(',', a)}]"),
            any.Array[0, 4].Select(a => $"[{string.Join(',', a)}]"),
            any.Array[0, 4].Select(a => $"{{{string.Join(',', a.Select((v, i) => $"\"k\\n{i}\" : {v}"))}}}")));

    private static long Measure(string json) => PayloadSize.Measure(Encoding.UTF8.GetBytes(json));

    // The same formula over a DOM, as plainly as it can be written.
    private static long Formula(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => 5 + value.EnumerateObject().Sum(p => 5 + Encoding.UTF8.GetByteCount(p.Name) + Formula(p.Value)),
        JsonValueKind.String => 5 + Encoding.UTF8.GetByteCount(value.GetString()!),
        JsonValueKind.Array when value.GetArrayLength() == 0 => 1,
        JsonValueKind.Array when value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number && Formula(e) == 2) => 3 + value.GetArrayLength(),
        JsonValueKind.Array => 6 + value.EnumerateArray().Sum(Formula),
        JsonValueKind.Number when value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') => 9,
        JsonValueKind.Number => BigInteger.Parse(value.GetRawText()) switch
        {
            var n when n >= 0 && n <= 255 => 2,
            var n when n >= int.MinValue && n <= int.MaxValue => 5,
            var n => BigInteger.Abs(n).GetByteCount(isUnsigned: true) is var bytes && bytes > 255 ? 6 + bytes : 3 + bytes,
        },
        JsonValueKind.True => 6,
        JsonValueKind.False => 7,
        _ => 5,
    };
}
