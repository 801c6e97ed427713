using Realtime.Contracts.Nodes;
using Realtime.Contracts.Wire;
using Realtime.Hosting.Dapr.Membership;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Does what envelopes say. One caller at a time; takes any bytes.</summary>
internal sealed class InboxDelivery(
    ProcessIdentity self,
    DaprNodeBus bus,
    DaprNodeDirectory directory,
    RefreshSignal refresh,
    BusMetrics metrics,
    DaprSettings settings,
    TimeProvider time)
{
    private readonly EnvelopeFilter _filter = new(self.Id, settings.StaleAfter, time);

    /// <param name="data">An envelope; must not change afterwards, because messages are slices of it.</param>
    /// <returns>What it was; null when it is none.</returns>
    public EnvelopeVerdict? Deliver(ReadOnlyMemory<byte> data)
    {
        var reader = new WireReader(data);
        if (!Envelope.TryReadHeader(ref reader, out var header))
        {
            metrics.Ignored("malformed");
            return null;
        }

        var verdict = _filter.Judge(header, out var lost);
        if (verdict == EnvelopeVerdict.Accepted)
        {
            metrics.Lost(lost);
            DeliverItems(ref reader, header.Publisher);
        }
        else if (verdict != EnvelopeVerdict.Probe)
        {
            metrics.Ignored(verdict.ToString().ToLowerInvariant());
        }

        return verdict;
    }

    private void DeliverItems(ref WireReader reader, Guid publisher)
    {
        while (!reader.IsAtEnd)
        {
            if (!Envelope.TryReadItem(ref reader, out var kind, out var content) || !TryDeliver(kind, content, publisher))
            {
                metrics.Ignored("malformed");
            }
        }
    }

    /// <returns>False for content that is not what its kind says. Kinds of a newer version are left alone.</returns>
    private bool TryDeliver(EnvelopeItem kind, ReadOnlyMemory<byte> content, Guid publisher)
    {
        switch (kind)
        {
            case EnvelopeItem.Message:
                if (!NodeMessageCodec.TryRead(content, out var message))
                {
                    return false;
                }

                metrics.Received();
                bus.Deliver(message);
                return true;
            case EnvelopeItem.Hosting:
                if (!EnvelopeItems.TryRead(content, out var change))
                {
                    return false;
                }

                if (!directory.Apply(publisher, change))
                {
                    refresh.Request();
                }

                return true;
            case EnvelopeItem.Hello:
                refresh.Request();
                return true;
            case EnvelopeItem.Goodbye:
                directory.Remove(publisher);
                return true;
            default:
                return true;
        }
    }
}
