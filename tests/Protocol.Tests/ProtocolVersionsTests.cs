namespace Realtime.Protocol.Tests;

public sealed class ProtocolVersionsTests
{
    [Theory]
    [InlineData(null, ProtocolVersion.V1)]
    [InlineData("1.0.0", ProtocolVersion.V1)]
    [InlineData("1.0.7", ProtocolVersion.V1)]
    [InlineData("2.0.0", ProtocolVersion.V2)]
    [InlineData("2.0.12", ProtocolVersion.V2)]
    public void Both_versions_are_accepted_with_any_patch(string? vsn, ProtocolVersion expected)
    {
        Assert.True(ProtocolVersions.TryParse(vsn, out var version));

        Assert.Equal(expected, version);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("2")]
    [InlineData("2.0")]
    [InlineData("abc")]
    [InlineData("2.0.0-rc.1")]
    [InlineData("3.0.0")]
    [InlineData("1.1.0")]
    [InlineData("1.5.0")]
    [InlineData("2.0.x")]
    [InlineData("2.0.01")]
    [InlineData(" 2.0.0")]
    public void Everything_else_is_refused(string vsn)
    {
        Assert.False(ProtocolVersions.TryParse(vsn, out _));
    }
}
