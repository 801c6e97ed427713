using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Realtime.Hosting.Configuration;

namespace Realtime.Hosting.Tests.Configuration;

public sealed class LogLevelTests
{
    [Theory]
    [InlineData(null, LogLevel.Information)]
    [InlineData("debug", LogLevel.Debug)]
    [InlineData("info", LogLevel.Information)]
    [InlineData("notice", LogLevel.Information)]
    [InlineData("warning", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("critical", LogLevel.Critical)]
    [InlineData("alert", LogLevel.Critical)]
    [InlineData("emergency", LogLevel.Critical)]
    public void Names_of_syslog_are_understood(string? name, LogLevel expected) => Assert.Equal(expected, Read(name).Node.LogLevel);

    [Fact]
    public void Another_word_stops_the_start()
    {
        var failure = Assert.Throws<InvalidConfigurationException>(() => Read("loud"));

        Assert.Contains("LOG_LEVEL", Assert.Single(failure.Errors), StringComparison.Ordinal);
    }

    private static RealtimeSettings Read(string? level) => RealtimeSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["LOG_LEVEL"] = level }).Build());
}
