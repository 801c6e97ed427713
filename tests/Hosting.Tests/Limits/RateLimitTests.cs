using Microsoft.Extensions.Time.Testing;
using Realtime.Hosting.Limits;

namespace Realtime.Hosting.Tests.Limits;

public sealed class RateLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_burst_below_ten_seconds_worth_passes_and_the_tenth_second_exceeds()
    {
        var limit = new RateLimit(100, _time);

        limit.Add(999);
        var before = limit.IsExceeded;
        limit.Add(1);

        Assert.False(before);
        Assert.True(limit.IsExceeded);
    }

    [Fact]
    public void An_empty_bucket_is_usable_again_after_one_events_time()
    {
        var limit = new RateLimit(100, _time);
        limit.Add(1000);

        _time.Advance(TimeSpan.FromMilliseconds(10));

        Assert.False(limit.IsExceeded);
    }

    [Fact]
    public void The_configured_rate_passes_for_ever()
    {
        var limit = new RateLimit(100, _time);

        for (var second = 0; second < 600; second++)
        {
            limit.Add(100);

            Assert.False(limit.IsExceeded, $"exceeded in second {second}");
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void Twice_the_rate_is_exceeded_when_the_burst_is_used_up()
    {
        var limit = new RateLimit(100, _time);

        var seconds = 0;
        for (; !limit.IsExceeded; seconds++)
        {
            limit.Add(200);
            _time.Advance(TimeSpan.FromSeconds(1));
            limit.Add(0);
        }

        // 10 s' worth shrinks by one each second.
        Assert.Equal(10, seconds);
    }

    [Fact]
    public void Debt_is_bounded_so_that_a_huge_delivery_blocks_for_ten_seconds_at_most()
    {
        var limit = new RateLimit(100, _time);
        limit.Add(long.MaxValue);

        _time.Advance(TimeSpan.FromSeconds(10));
        var atTen = limit.IsExceeded;
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.True(atTen);
        Assert.False(limit.IsExceeded);
    }

    [Fact]
    public void Idle_time_fills_the_bucket_no_further_than_its_capacity()
    {
        var limit = new RateLimit(100, _time);
        _time.Advance(TimeSpan.FromHours(1));

        limit.Add(1000);

        Assert.True(limit.IsExceeded);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_limit_of_zero_or_less_is_always_exceeded(int perSecond)
    {
        var limit = new RateLimit(perSecond, _time);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.True(limit.IsExceeded);
    }

    [Fact]
    public void Average_counts_finished_buckets_of_five_seconds_and_the_empty_one_of_the_start()
    {
        var limit = new RateLimit(100, _time);
        limit.Add(2000);
        var atOnce = limit.AveragePerSecond;

        // The example of operations.md 4.3: 2000 events, then silence.
        var averages = new List<double>();
        for (var tick = 0; tick < 4; tick++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            averages.Add(Math.Round(limit.AveragePerSecond));
        }

        Assert.Equal(0, atOnce);
        Assert.Equal([200, 133, 100, 80], averages);
    }

    [Fact]
    public void Average_forgets_what_is_older_than_twelve_buckets()
    {
        var limit = new RateLimit(100, _time);
        limit.Add(2000);

        _time.Advance(TimeSpan.FromSeconds(64));
        var last = limit.AveragePerSecond;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(2000 / 60.0, last, precision: 6);
        Assert.Equal(0, limit.AveragePerSecond);
    }

    [Fact]
    public void Threads_that_add_at_the_same_time_lose_nothing()
    {
        var limit = new RateLimit(100_000, _time);

        Parallel.For(0, 4, _ =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                limit.Add(2);
            }
        });
        limit.Add(199_999);
        var before = limit.IsExceeded;
        limit.Add(1);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.False(before);
        Assert.Equal(1_000_000 / 10.0, limit.AveragePerSecond);
    }
}
