using Microsoft.Extensions.Time.Testing;
using Realtime.Hosting.Limits;

namespace Realtime.Hosting.Tests.Limits;

public sealed class RollingRateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void The_unfinished_second_is_not_part_of_the_average()
    {
        var rate = new RollingRate(_time);

        rate.Add(10);

        Assert.Equal(0, rate.AveragePerSecond);
    }

    [Fact]
    public void The_mean_covers_the_seconds_since_the_start_and_its_empty_bucket()
    {
        var rate = new RollingRate(_time);

        for (var second = 0; second < 3; second++)
        {
            rate.Add(8);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(6, rate.AveragePerSecond);
    }

    [Fact]
    public void Sixty_seconds_are_kept()
    {
        var rate = new RollingRate(_time);

        for (var second = 0; second < 200; second++)
        {
            rate.Add(second < 140 ? 60 : 6);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(6, rate.AveragePerSecond);
    }
}
