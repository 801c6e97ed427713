namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Decides which envelopes count. Pub/sub delivers again after a lost connection, and hands an inbox's new owner what its last one left.</summary>
/// <remarks>One reader at a time.</remarks>
internal sealed class EnvelopeFilter(Guid process, TimeSpan staleAfter, TimeProvider time)
{
    /// <summary>Far more than a cluster has; whoever writes rubbish to the broker must not fill our memory.</summary>
    public const int MaxPublishers = 1024;

    private readonly Dictionary<Guid, Publisher> _publishers = [];

    /// <summary>Judges an envelope and remembers it.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="lost">How many of the publisher's envelopes before this one never came.</param>
    public EnvelopeVerdict Judge(EnvelopeHeader header, out long lost)
    {
        lost = 0;
        if (header.Target != process)
        {
            return EnvelopeVerdict.Misdirected;
        }

        if (header.Publisher == process)
        {
            return header.Sequence == 0 ? EnvelopeVerdict.Probe : EnvelopeVerdict.Own;
        }

        var now = time.GetUtcNow();
        if (header.SentUnixMilliseconds < (now - staleAfter).ToUnixTimeMilliseconds())
        {
            return EnvelopeVerdict.Stale;
        }

        if (!_publishers.TryGetValue(header.Publisher, out var publisher))
        {
            if (_publishers.Count >= MaxPublishers && !ForgetSilent(now))
            {
                return EnvelopeVerdict.Stale;
            }

            _publishers.Add(header.Publisher, publisher = new Publisher());
        }

        var before = header.Epoch > publisher.Epoch ? 0 : publisher.LastSequence;
        if (header.Epoch < publisher.Epoch || header.Sequence <= before)
        {
            return EnvelopeVerdict.Duplicate;
        }

        lost = header.Sequence - before - 1;
        (publisher.Epoch, publisher.LastSequence) = (header.Epoch, header.Sequence);
        publisher.LastSeen = now;
        return EnvelopeVerdict.Accepted;
    }

    // What a publisher sent before it fell silent for so long is stale by now: its sequence is not needed to see that.
    private bool ForgetSilent(DateTimeOffset now)
    {
        foreach (var (id, publisher) in _publishers)
        {
            if (now - publisher.LastSeen > 2 * staleAfter)
            {
                _publishers.Remove(id);
            }
        }

        return _publishers.Count < MaxPublishers;
    }

    private sealed class Publisher
    {
        public long Epoch { get; set; }

        public long LastSequence { get; set; }

        public DateTimeOffset LastSeen { get; set; }
    }
}

/// <summary>What becomes of an envelope.</summary>
internal enum EnvelopeVerdict
{
    /// <summary>Its items count.</summary>
    Accepted,

    /// <summary>A probe of this process: the inbox works.</summary>
    Probe,

    /// <summary>Written for an earlier owner of the inbox.</summary>
    Misdirected,

    /// <summary>This process's own.</summary>
    Own,

    /// <summary>It travelled too long.</summary>
    Stale,

    /// <summary>It, or a later one, was here before.</summary>
    Duplicate,
}
