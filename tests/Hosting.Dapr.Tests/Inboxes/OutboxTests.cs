using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Wire;
using Realtime.Hosting.Dapr.Inboxes;
using Realtime.Testing;

namespace Realtime.Hosting.Dapr.Tests.Inboxes;

public sealed class OutboxTests : IAsyncDisposable
{
    // Longer than any test takes on a busy machine.
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(2);

    private readonly Channel<Sent> _sent = Channel.CreateUnbounded<Sent>();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Outbox _outbox;

    public OutboxTests() => _outbox = NewOutbox(TimeProvider.System);

    [Fact]
    public async Task A_message_after_a_pause_goes_alone_and_at_once()
    {
        _outbox.Post(Item(7));

        var sent = await NextAsync();
        sent.Taken.SetResult();

        Assert.Equal((1L, 7), (sent.Header.Sequence, Assert.Single(sent.Items)));
    }

    [Fact]
    public async Task What_comes_while_a_publication_is_under_way_goes_together_after_it()
    {
        _outbox.Post(Item(0));
        var first = await NextAsync();
        for (var i = 1; i <= 100; i++)
        {
            _outbox.Post(Item(i));
        }

        first.Taken.SetResult();
        var second = await NextAsync();
        second.Taken.SetResult();

        Assert.Equal(Enumerable.Range(1, 100), second.Items);
        Assert.Equal(2, second.Header.Sequence);
    }

    [Fact]
    public async Task Envelopes_grow_under_lag_and_keep_the_order()
    {
        _outbox.Post(Item(0));
        var first = await NextAsync();
        for (var i = 1; i <= 3000; i++)
        {
            _outbox.Post(Item(i));
        }

        first.Taken.SetResult();
        var sizes = new List<int>();
        var items = new List<int>();
        while (items.Count < 3000)
        {
            var next = await NextAsync();
            next.Taken.SetResult();
            sizes.Add(next.Items.Count);
            items.AddRange(next.Items);
        }

        Assert.Equal(Enumerable.Range(1, 3000), items);
        Assert.Equal([256, 512, 1024, 1208], sizes);
    }

    [Fact]
    public async Task A_failed_publication_is_repeated_with_the_same_sequence()
    {
        _outbox.Post(Item(1));
        var failed = await NextAsync();
        failed.Taken.SetException(new RpcException(new Status(StatusCode.Unavailable, "away")));

        var repeated = await NextAsync();
        repeated.Taken.SetResult();

        Assert.Equal((failed.Header, failed.Items[0]), (repeated.Header, repeated.Items[0]));
    }

    [Fact]
    public async Task What_is_stale_is_given_up()
    {
        var time = new FakeTimeProvider();
        await using var outbox = NewOutbox(time);
        outbox.Post(Item(1));
        var failing = await NextAsync();
        outbox.Post(Item(2));

        time.Advance(StaleAfter + TimeSpan.FromSeconds(1));
        failing.Taken.SetException(new RpcException(new Status(StatusCode.Unavailable, "away")));

        outbox.Post(Item(3));
        var next = await NextAsync();
        next.Taken.SetResult();

        Assert.Equal((2L, 3), (next.Header.Sequence, Assert.Single(next.Items)));
    }

    [Fact]
    public async Task What_does_not_fit_is_dropped()
    {
        _outbox.Post(Item(0));
        var first = await NextAsync();
        _outbox.Post(new byte[Outbox.MaxEnvelopeBytes]);
        for (var i = 1; i <= Outbox.MaxQueuedMessages + 10; i++)
        {
            _outbox.Post(Item(i));
        }

        first.Taken.SetResult();
        var received = 0;
        while (received < Outbox.MaxQueuedMessages)
        {
            var next = await NextAsync();
            next.Taken.SetResult();
            received += next.Items.Count;
        }

        _outbox.Post(Item(-1));
        var last = await NextAsync();
        last.Taken.SetResult();
        Assert.Equal((Outbox.MaxQueuedMessages, -1), (received, Assert.Single(last.Items)));
    }

    [Fact]
    public async Task An_abandoned_outbox_ends_though_a_publication_hangs()
    {
        _outbox.Post(Item(1));
        await NextAsync();

        await _outbox.AbandonAsync().WaitAsync(Wait.Limit, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _outbox.AbandonAsync();
        await _services.DisposeAsync();
    }

    private Outbox NewOutbox(TimeProvider time) => new(
        PublishAsync, () => "topic", Guid.NewGuid(), Guid.NewGuid(), epoch: 1, StaleAfter, time,
        new BusMetrics(_services.GetRequiredService<IMeterFactory>()), NullLogger.Instance);

    private Task PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var sent = Sent.Read(data);
        _sent.Writer.TryWrite(sent);
        return sent.Taken.Task.WaitAsync(cancellationToken);
    }

    private Task<Sent> NextAsync() => Wait.ForAsync(
        _sent.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask(), "an envelope", TestContext.Current.CancellationToken);

    private static byte[] Item(int number)
    {
        var content = new WireWriter();
        content.WriteSigned(number);
        var item = new WireWriter();
        item.WriteByte((byte)EnvelopeItem.Message);
        item.WriteBytes(content.Written);
        return item.Written.ToArray();
    }

    /// <summary>An envelope on its way to the broker.</summary>
    private sealed record Sent(EnvelopeHeader Header, List<int> Items)
    {
        public TaskCompletionSource Taken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static Sent Read(ReadOnlyMemory<byte> data)
        {
            var reader = new WireReader(data);
            Assert.True(Envelope.TryReadHeader(ref reader, out var header));
            var items = new List<int>();
            while (!reader.IsAtEnd)
            {
                Assert.True(Envelope.TryReadItem(ref reader, out _, out var content));
                items.Add(new WireReader(content).ReadInt32());
            }

            return new Sent(header, items);
        }
    }
}
