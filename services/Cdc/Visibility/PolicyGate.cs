using System.Runtime.InteropServices;
using Realtime.Cdc.Delivery;
using Realtime.Cdc.Feeds;
using Realtime.Cdc.Subscriptions;
using Realtime.Cdc.Tables;

namespace Realtime.Cdc.Visibility;

/// <summary>Lets changes pass to those who may see the row. For one thread.</summary>
/// <remarks>
/// Every viewer is asked about once per batch, with all its rows, in one round trip for all viewers. Where a policy fails or is too slow,
/// its table and role leave this path: a <see cref="PolicyLane"/> asks for them apart, and nobody else waits for it.
/// </remarks>
/// <param name="connections">The feed's connections.</param>
/// <param name="lanes">Where failing and slow policies go.</param>
/// <param name="timeout">What is too slow.</param>
internal sealed class PolicyGate(FeedConnections connections, PolicyLanes lanes, TimeSpan timeout)
{
    private readonly Dictionary<(TableModel Table, Viewer Viewer), List<MatchedChange>> _asked = [];

    /// <summary>Takes away the listeners who may not see a change, or not yet.</summary>
    public async Task DecideAsync(List<MatchedChange> matched, ChangeEncoder encoder, CancellationToken cancellationToken)
    {
        _asked.Clear();
        foreach (var change in CollectionsMarshal.AsSpan(matched))
        {
            if (change.IsPoliced)
            {
                Collect(change, encoder);
            }
        }

        var questions = new List<VisibilityQuestion>(_asked.Count);
        RowKeys? keys = null;
        foreach (var ((table, viewer), changes) in _asked)
        {
            // Viewers who listen to the same changes share the arrays.
            keys = keys is not null && keys.AreOf(table, changes) ? keys : new RowKeys(table, changes);
            questions.Add(new VisibilityQuestion(table, viewer, keys.Columns, changes.Count));
        }

        await AskAsync(questions, cancellationToken);
        foreach (var question in questions)
        {
            Apply(question, _asked[(question.Table, question.Viewer)], encoder);
        }

        matched.ForEach(m => m.Settle());
    }

    private void Collect(MatchedChange change, ChangeEncoder encoder)
    {
        var table = change.Audience.Layout.Table;
        Viewer? last = null;
        foreach (var listener in change.Listeners)
        {
            var viewer = change.Audience.Listeners[listener].Viewer;
            if (ReferenceEquals(viewer, last) || !change.IsProtectedFrom(listener))
            {
                continue;
            }

            last = viewer;
            ref var changes = ref CollectionsMarshal.GetValueRefOrAddDefault(_asked, (table, viewer), out _);
            changes ??= [];
            if (changes.Count == 0 || !ReferenceEquals(changes[^1], change))
            {
                changes.Add(change);
            }
        }

        foreach (var role in lanes.RolesOf(table.Id))
        {
            DivertRole(change, role, encoder);
        }
    }

    // While a lane is open everything of its table and role goes there, so that its subscribers get their changes in order.
    private void DivertRole(MatchedChange change, string role, ChangeEncoder encoder)
    {
        var table = change.Audience.Layout.Table;
        foreach (var viewer in _asked.Keys.Where(k => ReferenceEquals(k.Table, table) && k.Viewer.Role == role).Select(k => k.Viewer).ToArray())
        {
            if (_asked[(table, viewer)] is var changes && ReferenceEquals(changes[^1], change)
                && lanes.TryAdd(table, viewer, change, encoder, isNew: false))
            {
                changes.RemoveAt(changes.Count - 1);
                change.HideFrom(viewer);
                if (changes.Count == 0)
                {
                    _asked.Remove((table, viewer));
                }
            }
        }
    }

    private async Task AskAsync(List<VisibilityQuestion> questions, CancellationToken cancellationToken)
    {
        var failed = new HashSet<(uint, string)>();
        var rest = questions;
        while (rest.Count > 0)
        {
            var asked = rest;
            var done = await connections.UseAsync(
                (connection, token) => RowVisibility.AskAsync(connection, asked, timeout, token), cancellationToken);
            failed.UnionWith(asked.Take(done).Where(q => q.Visible is null).Select(q => (q.Table.Id, q.Viewer.Role)));

            // The others of a role whose policy failed are not kept in everyone's way, either.
            rest = [.. asked.Skip(done).Where(q => !failed.Contains((q.Table.Id, q.Viewer.Role)))];
        }
    }

    private void Apply(VisibilityQuestion question, List<MatchedChange> changes, ChangeEncoder encoder)
    {
        for (var i = 0; i < changes.Count; i++)
        {
            if (question.Visible is null)
            {
                lanes.TryAdd(question.Table, question.Viewer, changes[i], encoder, isNew: true);
            }

            if (question.Visible is null || !question.Visible[i])
            {
                changes[i].HideFrom(question.Viewer);
            }
        }
    }
}
