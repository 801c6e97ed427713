using HdrHistogram;
using Realtime.Load.Measuring;
using Realtime.Load.Sockets;
using Realtime.Load.Wire;

namespace Realtime.Load.Runs;

/// <summary>Checks at every receiver that each publisher's messages arrive once and in order, and how long they took.</summary>
internal sealed class DeliveryTracker : IFleetObserver
{
    private readonly Ramp _ramp;
    private readonly int _topics;
    private readonly int _ordinals;
    private readonly long[] _next; // per receiver and publisher: the sequence number that comes next
    private readonly Publisher[] _publishers;
    private long _skipped;

    public DeliveryTracker(Ramp ramp, LoadOptions options)
    {
        (_ramp, _topics) = (ramp, options.Topics);
        _ordinals = (options.Publishers + options.Topics - 1) / options.Topics;
        _next = new long[options.Clients * _ordinals];
        _publishers = new Publisher[options.Publishers];
    }

    /// <summary>The publishers; publisher n is client n. To be filled when all clients have joined.</summary>
    public Span<Publisher> Publishers => _publishers;

    /// <summary>Time from send to arrival.</summary>
    public LongHistogram Ticks { get; } = LatencySummary.CreateHistogram();

    /// <summary>Messages that arrived, each counted once per receiver.</summary>
    public long Deliveries { get; private set; }

    /// <summary>Messages that arrived twice, or after a later one.</summary>
    public long Duplicated { get; private set; }

    /// <summary>Whether latencies are recorded.</summary>
    public bool Measuring { get; set; }

    /// <summary>Deliveries that were skipped or have not come yet.</summary>
    public long CountMissing()
    {
        var missing = _skipped;
        for (var receiver = 0; receiver < _next.Length / _ordinals; receiver++)
        {
            for (var ordinal = 0; PublisherOf(receiver % _topics, ordinal) is { } publisher; ordinal++)
            {
                missing += publisher.Published - Next(receiver, ordinal);
            }
        }

        return missing;
    }

    /// <summary>Whether every receiver that is still there has had the last message of each publisher.</summary>
    public bool IsComplete(IReadOnlyList<Connection> connections)
    {
        foreach (var connection in connections)
        {
            for (var ordinal = 0; PublisherOf(connection.Topic, ordinal) is { } publisher; ordinal++)
            {
                if (connection.State == ConnectionState.Joined && Next(connection.Number, ordinal) < publisher.Published)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void OnJoined(Connection connection, long now) => _ramp.OnJoined(connection, now);

    /// <inheritdoc/>
    public void OnDelivery(Connection connection, Stamp stamp, long now)
    {
        if (PublisherOf(connection.Topic, stamp.Publisher) is not { } publisher || stamp.Sequence >= publisher.Published)
        {
            return; // Not of this run.
        }

        ref var next = ref Next(connection.Number, stamp.Publisher);
        if (stamp.Sequence < next)
        {
            Duplicated++;
            return;
        }

        _skipped += stamp.Sequence - next;
        publisher.Window?.Complete(next, stamp.Sequence + 1);
        next = stamp.Sequence + 1;
        Deliveries++;
        if (Measuring)
        {
            LatencySummary.Record(Ticks, now - stamp.Ticks);
        }
    }

    /// <inheritdoc/>
    public void OnEnded(Connection connection, string reason)
    {
        _ramp.OnEnded(connection, reason);
        for (var ordinal = 0; PublisherOf(connection.Topic, ordinal) is { } publisher; ordinal++)
        {
            publisher.Window?.RemoveReceiver(Next(connection.Number, ordinal));
        }
    }

    private ref long Next(int receiver, int ordinal) => ref _next[(receiver * _ordinals) + ordinal];

    // Null while clients still join, too.
    private Publisher? PublisherOf(int topic, int ordinal)
    {
        var number = ((long)ordinal * _topics) + topic;
        return number >= 0 && number < _publishers.Length ? _publishers[number] : null;
    }
}
