using Realtime.Cdc.Subscriptions;
using Realtime.Postgres.Replication;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Delivery;

/// <summary>A change with those who get it, or may get it once the policies were asked.</summary>
/// <param name="change">The change.</param>
/// <param name="audience">Everyone at its table.</param>
/// <param name="listeners">Positions in the audience's listeners, in order.</param>
internal sealed class MatchedChange(in WalChange change, TableAudience audience, int[] listeners)
{
    private HashSet<Viewer>? _hiddenFrom;

    /// <summary>The change.</summary>
    public WalChange Change { get; } = change;

    /// <summary>Everyone at its table.</summary>
    public TableAudience Audience { get; } = audience;

    /// <summary>Positions in the audience's listeners, in order; policies take some away.</summary>
    public int[] Listeners { get; private set; } = listeners;

    /// <summary>Whether row-level security has a say: a deleted row has none to be judged by.</summary>
    public bool IsPoliced => Audience.Layout.Table.RowSecurity && Change.Kind != ChangeEvents.Delete;

    /// <summary>Whether a listener sees content that the policies protect, and not just the error of the table.</summary>
    public bool IsProtectedFrom(int listener) => Audience.Listeners[listener].Projection.RowError is null;

    /// <summary>A viewer may not see it, or not yet; acts with <see cref="Settle"/>.</summary>
    public void HideFrom(Viewer viewer) => (_hiddenFrom ??= []).Add(viewer);

    /// <summary>Takes those away from whom it is hidden.</summary>
    public void Settle()
    {
        if (_hiddenFrom is { } hidden)
        {
            Listeners = Array.FindAll(Listeners, l => !hidden.Contains(Audience.Listeners[l].Viewer) || !IsProtectedFrom(l));
        }
    }
}
