using System.Collections.Immutable;
using Realtime.Cdc.Delivery;
using Realtime.Cdc.Feeds;
using Realtime.Cdc.Subscriptions;
using Realtime.Cdc.Tables;
using Realtime.Contracts.Changes;

namespace Realtime.Cdc.Visibility;

/// <summary>The lanes of a stream: one per table and role whose policies fail or are slow.</summary>
/// <param name="connections">For the lanes' own questions.</param>
/// <param name="createOutbox">Makes an outbox for a lane, which works beside the stream.</param>
/// <param name="settings">Time limits.</param>
/// <param name="time">Clock.</param>
internal sealed class PolicyLanes(
    FeedConnections connections, Func<ChangeOutbox> createOutbox, FeedSettings settings, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<(uint Table, string Role), PolicyLane> _lanes = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The roles with an open lane for a table.</summary>
    public IReadOnlyCollection<string> RolesOf(uint table) =>
        _lanes.Count == 0 ? [] : [.. _lanes.Where(l => l.Key.Table == table && l.Value.IsOpen).Select(l => l.Key.Role)];

    /// <summary>Hands a change over for one viewer. The bytes of the change are copied.</summary>
    /// <param name="table">The table.</param>
    /// <param name="viewer">The viewer.</param>
    /// <param name="change">The change, with all its listeners.</param>
    /// <param name="encoder">Encodes it.</param>
    /// <param name="isNew">Whether to open a lane when there is none.</param>
    /// <returns>False when there is no open lane.</returns>
    public bool TryAdd(TableModel table, Viewer viewer, MatchedChange change, ChangeEncoder encoder, bool isNew)
    {
        var key = (table.Id, viewer.Role);
        var lane = _lanes.GetValueOrDefault(key);
        if (!isNew && lane is not { IsOpen: true })
        {
            return false;
        }

        var visible = ImmutableArray.CreateBuilder<PublishedChange>();
        var own = new MatchedChange(change.Change, change.Audience, Array.FindAll(change.Listeners, l =>
            ReferenceEquals(change.Audience.Listeners[l].Viewer, viewer) && change.IsProtectedFrom(l)));
        foreach (var (projection, listeners) in encoder.Partition(own))
        {
            var audience = change.Audience.AudienceOf(projection, listeners);
            visible.Add(new PublishedChange(change.Change.Kind, encoder.Encode(projection, change.Change), audience));
        }

        var handedOver = new LaneChange(table, viewer, RowKeys.Of(change), visible.DrainToImmutable());
        if (lane is not null && lane.TryAdd(handedOver))
        {
            return true;
        }

        if (!isNew)
        {
            return false;
        }

        _lanes[key] = lane = new PolicyLane(connections, createOutbox(), settings, time, _stop.Token);
        return lane.TryAdd(handedOver);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_lanes.Values.Select(l => l.Completion));
        _stop.Dispose();
    }
}

/// <summary>A change as one viewer will get it if it may see the row.</summary>
internal sealed record LaneChange(TableModel Table, Viewer Viewer, string?[] Key, ImmutableArray<PublishedChange> Parts)
{
    /// <summary>Bytes it holds.</summary>
    public int Size => Parts.Sum(p => p.Data.Length) + Key.Sum(k => k?.Length ?? 0);

    /// <summary>Whom to tell when it cannot be delivered.</summary>
    public IEnumerable<ChangeSubscriberId> Subscribers => Parts.SelectMany(p => p.Audience.Recipients).Select(r => r.Subscriber).Distinct();
}
