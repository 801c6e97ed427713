namespace Realtime.Sidecar;

/// <summary>Stands in for a broker behind sidecars, as Redis streams behave with a fixed consumer id.</summary>
/// <remarks>
/// A topic keeps what was published and drops what is too old only when something is published. A consumer group that is new starts at
/// the oldest entry that is kept; an entry that was handed out and not acknowledged is handed out again.
/// </remarks>
public sealed class StandInBroker(TimeProvider time)
{
    private static readonly TimeSpan StreamTimeToLive = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Topic> _topics = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Publishing hangs, reading gets nothing.</summary>
    public bool IsDown
    {
        get => Volatile.Read(ref field);
        set
        {
            Volatile.Write(ref field, value);
            Signal();
        }
    }

    /// <summary>Publishing stores the entry and then hangs: for the publisher it failed.</summary>
    public bool LosesAnswers
    {
        get => Volatile.Read(ref field);
        set
        {
            Volatile.Write(ref field, value);
            Signal();
        }
    }

    /// <summary>Reading gets nothing, though publishing works.</summary>
    public bool DeliversNothing
    {
        get => Volatile.Read(ref field);
        set
        {
            Volatile.Write(ref field, value);
            Signal();
        }
    }

    /// <summary>How many entries a topic ever got.</summary>
    public long PublishedTo(string topic)
    {
        lock (_lock)
        {
            return _topics.GetValueOrDefault(topic)?.NextId ?? 0;
        }
    }

    /// <summary>Stores an entry.</summary>
    public async Task PublishAsync(string topic, byte[] data, bool isRaw, CancellationToken cancellationToken)
    {
        await UntilAsync(() => !IsDown, cancellationToken);
        lock (_lock)
        {
            var entries = TopicOf(topic);
            var oldest = time.GetUtcNow() - StreamTimeToLive;
            entries.Kept.RemoveAll(entry => entry.PublishedAt < oldest);
            entries.Kept.Add(new BrokerEntry(entries.NextId++, data, isRaw, time.GetUtcNow()));
        }

        Signal();
        await UntilAsync(() => !LosesAnswers, cancellationToken);
    }

    /// <summary>Hands out the next entry of a topic to one reader of a group, waiting for it.</summary>
    internal async Task<BrokerEntry> TakeAsync(string topic, string group, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
                if (!IsDown && !DeliversNothing && TryTake(TopicOf(topic), group) is { } entry)
                {
                    return entry;
                }
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes back an entry that was not acknowledged.</summary>
    internal void Return(string topic, string group, BrokerEntry entry)
    {
        lock (_lock)
        {
            TopicOf(topic).GroupOf(group).Returned.Add(entry.Id, entry);
        }

        Signal();
    }

    private static BrokerEntry? TryTake(Topic topic, string group)
    {
        var reader = topic.GroupOf(group);
        if (reader.Returned.Count > 0)
        {
            var returned = reader.Returned.GetValueAtIndex(0);
            reader.Returned.RemoveAt(0);
            return returned;
        }

        if (topic.Kept.Find(entry => entry.Id >= reader.Next) is not { } next)
        {
            return null;
        }

        reader.Next = next.Id + 1;
        return next;
    }

    private Topic TopicOf(string name)
    {
        if (!_topics.TryGetValue(name, out var topic))
        {
            _topics.Add(name, topic = new Topic());
        }

        return topic;
    }

    private async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
            }

            if (condition())
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private void Signal()
    {
        lock (_lock)
        {
            _changed.SetResult();
            _changed = NewSignal();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Topic
    {
        private readonly Dictionary<string, Group> _groups = [];

        public long NextId { get; set; }

        public List<BrokerEntry> Kept { get; } = [];

        public Group GroupOf(string name)
        {
            if (!_groups.TryGetValue(name, out var group))
            {
                _groups.Add(name, group = new Group());
            }

            return group;
        }
    }

    private sealed class Group
    {
        public long Next { get; set; }

        public SortedList<long, BrokerEntry> Returned { get; } = [];
    }
}

/// <summary>One published event as a topic keeps it.</summary>
internal sealed record BrokerEntry(long Id, byte[] Data, bool IsRaw, DateTimeOffset PublishedAt);
