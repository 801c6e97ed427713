using System.Text.Json;
using Realtime.TenantAdmin.Tenants;

namespace Realtime.TenantAdmin.Tests.Tenants;

public sealed class StorableJsonTests
{
    [Theory]
    [InlineData("""{"a":[1,-2.5e10,"x",null,true]}""", true)]
    [InlineData("""{"a":"\u0000"}""", false)]
    [InlineData("""{"\u0000":1}""", false)]
    [InlineData("""[1e400]""", true)]
    [InlineData("""[1e401]""", false)]
    [InlineData("""[1e-99999999999]""", false)]
    [InlineData("""[0e2147483648]""", false)]
    [InlineData("""["\ud83d\ude00"]""", true)]
    public void Json_is_storable_when_jsonb_takes_it(string json, bool expected)
    {
        Assert.Equal(expected, StorableJson.IsStorable(JsonElement.Parse(json)));
    }

    [Fact]
    public void Text_is_storable_when_it_is_whole_and_without_zero()
    {
        string[] good = ["acme", "", "\ud83d\ude00"];
        string[] bad = ["a\0b", "\ud83d", "a\ud83db", "\ude00\ud83d"];

        Assert.All(good, text => Assert.True(StorableJson.IsStorable(text)));
        Assert.All(bad, text => Assert.False(StorableJson.IsStorable(text)));
    }
}
