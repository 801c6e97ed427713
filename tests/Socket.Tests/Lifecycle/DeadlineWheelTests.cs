using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Realtime.Socket.Lifecycle;

namespace Realtime.Socket.Tests.Lifecycle;

public sealed class DeadlineWheelTests
{
    [Fact]
    public void Deadlines_come_once_within_a_tick_whatever_their_distance()
    {
        Gen.Int[0, 600_000].Array[1, 40].Sample(delays =>
        {
            var time = new FakeTimeProvider();
            using var wheel = new DeadlineWheel(time);
            var deadlines = delays.Select(delay => new Recorder(time, delay)).ToArray();
            foreach (var deadline in deadlines)
            {
                wheel.Set(deadline, TimeSpan.FromMilliseconds(deadline.Delay));
            }

            for (var elapsed = 0; elapsed <= 601_000; elapsed += 100)
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
            }

            Assert.All(deadlines, d => Assert.InRange(Assert.Single(d.Times) - d.Start, TimeSpan.FromMilliseconds(d.Delay), TimeSpan.FromMilliseconds(d.Delay + 200)));
            Assert.Equal(0, wheel.Count);
        }, iter: 20);
    }

    [Fact]
    public void Moved_deadline_comes_at_the_new_time_and_a_removed_one_never()
    {
        var time = new FakeTimeProvider();
        using var wheel = new DeadlineWheel(time);
        var (moved, removed) = (new Recorder(time, 0), new Recorder(time, 0));
        wheel.Set(moved, TimeSpan.FromSeconds(1));
        wheel.Set(removed, TimeSpan.FromSeconds(1));

        wheel.Set(moved, TimeSpan.FromSeconds(3));
        wheel.Remove(removed);
        wheel.Remove(removed);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(moved.Times);
        time.Advance(TimeSpan.FromSeconds(2));

        Assert.Single(moved.Times);
        Assert.Empty(removed.Times);
    }

    [Fact]
    public void Long_pause_of_the_timer_loses_nothing()
    {
        var time = new FakeTimeProvider();
        using var wheel = new DeadlineWheel(time);
        var deadlines = Enumerable.Range(0, 1000).Select(i => new Recorder(time, i * 300)).ToArray();
        foreach (var deadline in deadlines)
        {
            wheel.Set(deadline, TimeSpan.FromMilliseconds(deadline.Delay));
        }

        time.Advance(TimeSpan.FromHours(3));

        Assert.All(deadlines, d => Assert.Single(d.Times));
    }

    [Fact]
    public void Deadlines_of_one_tick_come_in_the_order_in_which_they_were_set()
    {
        var time = new FakeTimeProvider();
        using var wheel = new DeadlineWheel(time);
        var order = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            wheel.Set(new Numbered(i, order), TimeSpan.FromMilliseconds(100));
        }

        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([0, 1, 2, 3, 4], order);
    }

    private sealed class Numbered(int number, List<int> order) : Deadline
    {
        protected internal override void OnDue() => order.Add(number);
    }

    private sealed class Recorder(TimeProvider time, int delay) : Deadline
    {
        public int Delay => delay;

        public DateTimeOffset Start { get; } = time.GetUtcNow();

        public List<DateTimeOffset> Times { get; } = [];

        protected internal override void OnDue() => Times.Add(time.GetUtcNow());
    }
}
