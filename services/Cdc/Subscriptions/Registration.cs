using System.Collections.Immutable;
using Realtime.Contracts.Changes;
using Realtime.Postgres.Filters;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Subscriptions;

/// <summary>A subscriber whose entries were checked against the database.</summary>
/// <param name="Subscriber">As it came.</param>
/// <param name="Viewer">Whose eyes it sees with; the same instance for equal role and claims.</param>
/// <param name="Entries">Its entries, in order.</param>
internal sealed record Registration(ChangeSubscriber Subscriber, Viewer Viewer, ImmutableArray<RegisteredEntry> Entries);

/// <summary>An entry bound to the tables that it covers.</summary>
/// <param name="Entry">As it came.</param>
/// <param name="Filters">The filter for each table, by OID. An entry without conditions covers tables that are published later, too.</param>
internal sealed record RegisteredEntry(ChangeSubscription Entry, ImmutableDictionary<uint, CompiledFilter> Filters)
{
    /// <summary>The filter for a table; null when the entry does not cover it.</summary>
    public CompiledFilter? FilterFor(uint table, string schema, string name) =>
        !Entry.Covers(schema, name) ? null
        : Filters.TryGetValue(table, out var filter) ? filter
        : Entry.Filter.Members.IsEmpty ? CompiledFilter.Empty
        : null;
}

/// <summary>A role with claims: all subscribers that share one see the same rows, so the database is asked once for them.</summary>
internal sealed class Viewer(string role, string claims)
{
    /// <summary>Role of the tenant's database.</summary>
    public string Role { get; } = role;

    /// <summary>All claims, a JSON object.</summary>
    public string Claims { get; } = claims;
}
