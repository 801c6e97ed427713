using System.Collections.Concurrent;
using System.Collections.Immutable;
using Npgsql;
using Realtime.Cdc.Tables;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Values;
using Realtime.Protocol.Changes;

namespace Realtime.Cdc.Subscriptions;

/// <summary>Checks what subscribers ask for against the tenant's database and binds it to tables (protocol.md 7.3).</summary>
/// <remarks>
/// What was found good is remembered until <see cref="Forget"/>, so that thousands of equal subscriptions cost one question. What was found
/// bad is asked again each time, because the developer may just have mended it. Thread-safe.
/// </remarks>
internal sealed class SubscriptionChecks(TenantDataSources databases, SubscriberRegistry registry)
{
    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<FilterKey, CompiledFilter> _filters = new();

    // What subscriptions are looked up in, and what all subscribers were registered against: a lookup may refresh the one, only a
    // check moves the other. References, because several threads use them.
    private volatile PublishedTable[]? _published;
    private PublishedTable[]? _registeredAgainst;

    /// <summary>Takes note of the published tables. For one caller at a time.</summary>
    /// <returns>Whether they differ from those of the call before.</returns>
    public bool Update(PublishedTable[] published)
    {
        var changed = _registeredAgainst is { } known && !known.SequenceEqual(published);
        _published = _registeredAgainst = published;
        return changed;
    }

    /// <summary>Forgets which filters were found good.</summary>
    public void Forget() => _filters.Clear();

    /// <summary>Checks all entries of a subscriber.</summary>
    /// <returns>The registration, or the text for the client.</returns>
    /// <exception cref="TenantDatabaseException">The database cannot be asked.</exception>
    /// <exception cref="NpgsqlException">It broke off.</exception>
    public async Task<(Registration? Registration, string? Rejection)> CheckAsync(
        TenantConfig tenant, ChangeSubscriber subscriber, CancellationToken cancellationToken)
    {
        var database = new Database(tenant, databases);
        await using (database)
        {
            var entries = ImmutableArray.CreateBuilder<RegisteredEntry>(subscriber.Entries.Length);
            foreach (var entry in subscriber.Entries)
            {
                // These two name no role: they would make every check run as the server itself.
                if (subscriber.Role.Length == 0 || subscriber.Role.Equals("none", StringComparison.OrdinalIgnoreCase))
                {
                    return (null, RegistrationErrors.Refused(entry, $"ERROR 42704 (undefined_object) role \"{subscriber.Role}\" does not exist"));
                }

                var tables = await TablesOfAsync(database, entry, cancellationToken);
                if (tables.IsEmpty)
                {
                    return (null, RegistrationErrors.NoPublishedTable(entry));
                }

                var (filters, error) = await BindAsync(database, subscriber.Role, entry, tables, cancellationToken);
                if (error is not null)
                {
                    return (null, RegistrationErrors.Refused(entry, error));
                }

                entries.Add(new RegisteredEntry(entry, filters));
            }

            return (new Registration(subscriber, registry.ViewerOf(subscriber.Role, subscriber.Claims), entries.MoveToImmutable()), null);
        }
    }

    private async Task<ImmutableArray<PublishedTable>> TablesOfAsync(Database database, ChangeSubscription entry, CancellationToken cancellationToken)
    {
        if (_published is { } known && Covered(known) is { IsEmpty: false } found)
        {
            return found;
        }

        // It may have been published a moment ago.
        var published = await TableQueries.ReadPublishedAsync(
            await database.OpenAsync(cancellationToken), database.Publication, cancellationToken);
        _published = published;
        return Covered(published);

        ImmutableArray<PublishedTable> Covered(PublishedTable[] tables) => [.. tables.Where(t => entry.Covers(t.Schema, t.Name))];
    }

    // Without conditions and selection there is nothing to bind; one table is asked about all the same, to see whether the role exists.
    private async Task<(ImmutableDictionary<uint, CompiledFilter> Filters, string? Error)> BindAsync(
        Database database, string role, ChangeSubscription entry, ImmutableArray<PublishedTable> tables, CancellationToken cancellationToken)
    {
        var isPlain = entry.Filter.Members.IsEmpty && entry.Select is null;
        var filters = ImmutableDictionary.CreateBuilder<uint, CompiledFilter>();
        foreach (var table in isPlain ? tables[..1] : tables)
        {
            var key = new FilterKey(table.Id, role, entry.Filter, entry.Select is { } select ? string.Join('\0', select) : null);
            if (!_filters.TryGetValue(key, out var filter))
            {
                var compilation = await new FilterCompiler(new TypeCatalog()).CompileAsync(
                    await database.OpenAsync(cancellationToken), table.Id, role, entry.Filter, entry.Select, cancellationToken);
                if (compilation.Filter is null)
                {
                    return (filters.ToImmutable(), compilation.Error);
                }

                filter = compilation.Filter;
                Remember(key, filter);
            }

            filters[table.Id] = filter;
        }

        return (filters.ToImmutable(), null);
    }

    private void Remember(FilterKey key, CompiledFilter filter)
    {
        if (_filters.Count >= MaxRemembered)
        {
            _filters.Clear();
        }

        _filters[key] = filter;
    }

    private sealed record FilterKey(uint Table, string Role, FilterGroup Filter, string? Select);

    /// <summary>A connection that is only taken from the pool when there is something to ask.</summary>
    private sealed class Database(TenantConfig tenant, TenantDataSources databases) : IAsyncDisposable
    {
        private TenantConnection? _connection;

        public string Publication => tenant.Database?.Publication ?? "";

        public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) =>
            (_connection ??= await databases.OpenAsync(tenant, TenantConnectionPurpose.Subscriptions, cancellationToken)).Connection;

        public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
