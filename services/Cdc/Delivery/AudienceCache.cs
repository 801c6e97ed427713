using System.Diagnostics;
using Realtime.Cdc.Feeds;
using Realtime.Cdc.Subscriptions;
using Realtime.Cdc.Tables;
using Realtime.Postgres.Replication;

namespace Realtime.Cdc.Delivery;

/// <summary>The tables of one stream and who listens to them. For one thread, except for <see cref="Renew"/>.</summary>
/// <remarks>
/// PostgreSQL announces a table again before its next change whenever its definition, its row-level security, its privileges or its
/// publications changed; each announcement is a new <see cref="RelationSchema"/> and makes the catalog be read anew. What is not announced,
/// such as a role granted to a role, comes through <see cref="Renew"/>.
/// </remarks>
internal sealed class AudienceCache(SubscriberRegistry registry, FeedConnections connections)
{
    private readonly Dictionary<RelationSchema, Known> _tables = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<RelationSchema> _used = new(ReferenceEqualityComparer.Instance);
    private TableSnapshot? _renewed;

    /// <summary>The tables of which changes came.</summary>
    public IReadOnlyCollection<uint> Tables { get; private set; } = [];

    /// <summary>Hands over what the catalog says now; used from the next batch on.</summary>
    public void Renew(TableSnapshot tables) => Interlocked.Exchange(ref _renewed, tables);

    /// <summary>Reads what is not known yet of the tables of a batch, in one go.</summary>
    public async ValueTask PrepareAsync(WalBatch batch, CancellationToken cancellationToken)
    {
        TakeRenewed();
        _used.Clear();
        var isComplete = true;
        RelationSchema? last = null;
        for (var i = 0; i < batch.Count; i++)
        {
            var relation = batch.TableOf(i);
            if (!ReferenceEquals(relation, last) && _used.Add(relation))
            {
                isComplete &= IsKnown(relation);
            }

            last = relation;
        }

        if (!isComplete)
        {
            await LoadAsync([.. _used.Where(r => !IsKnown(r))], cancellationToken);
        }
    }

    /// <summary>Everyone at a table; null when it is gone or nobody listens.</summary>
    public TableAudience? AudienceOf(RelationSchema relation)
    {
        if (!_tables.TryGetValue(relation, out var known) || known.Model is null)
        {
            return null;
        }

        var version = registry.Version;
        if (known.Audience is not { } audience || audience.Version != version)
        {
            audience = new TableAudience(known.Audience?.Layout ?? new TableLayout(relation, known.Model), registry.All, version);
            _tables[relation] = known with { Audience = audience };
        }

        return audience.Listeners.IsEmpty ? null : audience;
    }

    // A subscriber may have come with a role whose privileges were not asked for yet.
    private bool IsKnown(RelationSchema relation)
    {
        if (!_tables.TryGetValue(relation, out var known))
        {
            return false;
        }

        var version = registry.Version;
        if (known.RolesVersion == version)
        {
            return true;
        }

        var isKnown = known.Roles.IsSupersetOf(registry.Roles);
        _tables[relation] = known with { RolesVersion = isKnown ? version : known.RolesVersion };
        return isKnown;
    }

    private async Task LoadAsync(RelationSchema[] relations, CancellationToken cancellationToken)
    {
        var version = registry.Version;
        uint[] ids = [.. relations.Select(r => r.Id).Distinct()];
        var tables = await connections.UseAsync(
            (connection, token) => TableQueries.ReadTablesAsync(connection, ids, registry.Roles, token), cancellationToken);
        var readAt = Stopwatch.GetTimestamp();

        // Of earlier announcements only those are needed that changes of this batch were read by.
        foreach (var outdated in _tables.Keys.Where(t => ids.Contains(t.Id) && !_used.Contains(t)).ToArray())
        {
            _tables.Remove(outdated);
        }

        foreach (var relation in relations)
        {
            _tables[relation] = new Known(readAt, tables.Models.GetValueOrDefault(relation.Id), tables.Roles, version, Audience: null);
        }

        Tables = [.. _tables.Keys.Select(t => t.Id).Distinct()];
    }

    private void TakeRenewed()
    {
        if (Interlocked.Exchange(ref _renewed, null) is not { } renewed)
        {
            return;
        }

        // What an announcement made us read in the meantime is newer.
        foreach (var (relation, known) in _tables.Where(t => renewed.Ids.Contains(t.Key.Id) && t.Value.ReadAt < renewed.ReadAt).ToArray())
        {
            _tables[relation] = new Known(
                renewed.ReadAt, renewed.Models.GetValueOrDefault(relation.Id), renewed.Roles, RolesVersion: -1, Audience: null);
        }
    }

    /// <param name="ReadAt">Timestamp before which the model was read.</param>
    /// <param name="Model">The table; null when it is gone.</param>
    /// <param name="Roles">The roles whose privileges the model has.</param>
    /// <param name="RolesVersion">Version of the registry for which these were seen to be all.</param>
    /// <param name="Audience">Everyone at the table, once asked for.</param>
    private sealed record Known(long ReadAt, TableModel? Model, IReadOnlySet<string> Roles, long RolesVersion, TableAudience? Audience);
}
