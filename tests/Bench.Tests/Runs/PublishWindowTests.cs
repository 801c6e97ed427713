using Realtime.Load.Runs;

namespace Realtime.Bench.Tests.Runs;

public sealed class PublishWindowTests
{
    [Fact]
    public void Room_returns_when_the_slowest_receiver_has_a_message()
    {
        var window = new PublishWindow(size: 2, receivers: 2);
        window.Publish();
        window.Publish();

        window.Complete(0, 2);
        Assert.Equal(0, window.Room);

        window.Complete(0, 1);
        Assert.Equal(1, window.Room);

        window.Complete(1, 2);
        Assert.Equal(2, window.Room);
    }

    [Fact]
    public void Receiver_that_is_gone_holds_nothing_up()
    {
        var window = new PublishWindow(size: 2, receivers: 2);
        window.Publish();
        window.Publish();
        window.Complete(0, 2);

        window.RemoveReceiver(next: 0);
        Assert.Equal(2, window.Room);

        window.Publish();
        window.Complete(2, 3);
        Assert.Equal(2, window.Room);
    }
}
