using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Cdc.Broadcasts;
using Realtime.Cdc.Delivery;
using Realtime.Cdc.Subscriptions;
using Realtime.Cdc.Tables;
using Realtime.Cdc.Visibility;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Replication;

namespace Realtime.Cdc.Feeds;

/// <summary>One run of a tenant's feed: from a started WAL sender to its end.</summary>
/// <remarks>
/// Three tasks: one reads ahead into bounded batches, one turns batches into messages, one looks at the catalog from time to time. The first
/// that fails ends the others.
/// </remarks>
internal sealed partial class FeedStream : IAsyncDisposable
{
    private const int MaxRemembered = 1_024;
    private static readonly TimeSpan ConfirmInterval = TimeSpan.FromSeconds(5);

    private readonly FeedContext _context;
    private readonly Func<bool> _wantsBroadcasts;
    private readonly SubscriberRegistry _registry;
    private readonly SubscriptionChecks _checks;
    private readonly FeedConnections _connections;
    private readonly ImmutableArray<string> _publications;
    private readonly WalReader _wal;
    private readonly WalBatchReader _reader;
    private readonly PolicyLanes _lanes;
    private readonly AudienceCache _tables;
    private readonly ChangeProcessor _processor;
    private readonly ChangeOutbox _outbox;
    private readonly Dictionary<RelationSchema, (long Version, bool IsWanted)> _wanted = new(ReferenceEqualityComparer.Instance);
    private volatile TenantConfig _tenant;

    private FeedStream(
        FeedContext context, TenantConfig tenant, TenantDatabase database, SubscriberRegistry registry, SubscriptionChecks checks,
        Func<bool> wantsBroadcasts, FeedConnections connections, ImmutableArray<string> publications, WalReader wal)
    {
        (_context, _tenant, _registry, _checks, _wantsBroadcasts) = (context, tenant, registry, checks, wantsBroadcasts);
        (_connections, _publications, _wal) = (connections, publications, wal);
        _outbox = CreateOutbox();
        _lanes = new PolicyLanes(connections, CreateOutbox, context.Settings, context.Time);
        _tables = new AudienceCache(registry, connections);
        _processor = new ChangeProcessor(
            _tables, connections, new PolicyGate(connections, _lanes, context.Settings.PolicyTimeout), _outbox, database.MaxRecordBytes);
        _reader = new WalBatchReader(wal, IsWanted);
    }

    /// <summary>Whether broadcasts from the database are in the stream.</summary>
    public bool HasBroadcasts => _publications.Contains(MessagesPublication.Name);

    /// <summary>Whether an earlier slot is continued, so that changes of before come first.</summary>
    public bool IsResumed => _wal.Resumed;

    /// <summary>Connects and starts the WAL sender; changes committed from now on will come.</summary>
    /// <exception cref="ReplicationUnavailableException">Says what is missing.</exception>
    public static async Task<FeedStream> OpenAsync(
        FeedContext context, TenantConfig tenant, TenantDatabase database, SubscriberRegistry registry, SubscriptionChecks checks,
        Func<bool> wantsBroadcasts, CancellationToken cancellationToken)
    {
        var connections = new FeedConnections(database);
        try
        {
            var publications = await connections.UseAsync(
                (connection, token) => FindPublicationsAsync(context, tenant, database, connection, wantsBroadcasts(), checks, token), cancellationToken);
            var wal = await WalReader.OpenAsync(
                new WalReaderOptions(
                    connections.ReplicationConnectionString, context.SlotNameOf(database), database.DurableSlot, publications,
                    context.Settings.MaxRetainedWalBytes),
                cancellationToken);
            return new FeedStream(context, tenant, database, registry, checks, wantsBroadcasts, connections, publications, wal);
        }
        catch
        {
            await connections.DisposeAsync();
            throw;
        }
    }

    /// <summary>Serves until something fails or it is cancelled.</summary>
    /// <param name="onTablesChanged">Called when the set of published tables changed.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="FeedRestartException">The publications changed: a new stream is needed.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> onTablesChanged, CancellationToken cancellationToken)
    {
        using var stop = new CancellationTokenSource();
        await using var reading = stop.Token.Register(_wal.Stop);
        Task[] tasks =
        [
            _reader.RunAsync(stop.Token),
            ConsumeAsync(stop.Token),
            CheckAsync(onTablesChanged, stop.Token),
            ConfirmAsync(stop.Token),
        ];
        var first = await Task.WhenAny([.. tasks, Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken)]);
        if (cancellationToken.IsCancellationRequested)
        {
            await ConfirmLastAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(tasks).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        cancellationToken.ThrowIfCancellationRequested();
        await first;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _lanes.DisposeAsync();
        await _wal.DisposeAsync();
        await _connections.DisposeAsync();
    }

    private static async Task<ImmutableArray<string>> FindPublicationsAsync(
        FeedContext context, TenantConfig tenant, TenantDatabase database, NpgsqlConnection connection, bool withBroadcasts,
        SubscriptionChecks checks, CancellationToken cancellationToken)
    {
        if (withBroadcasts)
        {
            await EnsureMessagesAsync(context, tenant, connection, cancellationToken);
        }

        checks.Update(await TableQueries.ReadPublishedAsync(connection, database.Publication, cancellationToken));
        var found = await TableQueries.ReadPublicationsAsync(connection, [database.Publication, MessagesPublication.Name], cancellationToken);
        return !found.IsEmpty ? found : throw new ReplicationUnavailableException(ReplicationFault.NoPublication,
            $"publication \"{database.Publication}\" does not exist: run CREATE PUBLICATION \"{database.Publication}\" and add tables to it");
    }

    private static async Task<bool> EnsureMessagesAsync(
        FeedContext context, TenantConfig tenant, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return await MessagesPublication.EnsureAsync(connection, cancellationToken);
        }
        catch (PostgresException e) when (connection.State == System.Data.ConnectionState.Open)
        {
            Log.NoMessagesPublication(context.Logger, tenant.Id, MessagesPublication.Name, e.MessageText);
            return false;
        }
    }

    private ChangeOutbox CreateOutbox() => new(_tenant.Id, _context.Node, _context.Bus, TryCount);

    // A change that comes while the tenant is over its rate is dropped, for all subscribers alike.
    private bool TryCount(int events)
    {
        var rate = _context.Rates.For(_tenant).DatabaseEvents;
        if (rate.IsExceeded)
        {
            return false;
        }

        rate.Add(events);
        return true;
    }

    private bool IsWanted(RelationSchema relation)
    {
        if (HasBroadcasts && MessageRows.IsMessages(relation) && _wantsBroadcasts())
        {
            return true;
        }

        var version = _registry.Version;
        if (_wanted.TryGetValue(relation, out var known) && known.Version == version)
        {
            return known.IsWanted;
        }

        if (_wanted.Count >= MaxRemembered)
        {
            // Each announcement of a table is another key.
            _wanted.Clear();
        }

        var isWanted = _registry.All.Any(r => r.Entries.Any(e => e.Entry.Covers(relation.Schema, relation.Name)));
        _wanted[relation] = (version, isWanted);
        return isWanted;
    }

    private async Task ConsumeAsync(CancellationToken cancellationToken)
    {
        await foreach (var batch in _reader.Batches.ReadAllAsync(cancellationToken))
        {
            try
            {
                await RefreshTenantAsync(cancellationToken);
                Broadcast(batch);
                await _processor.ProcessAsync(batch, cancellationToken);
            }
            catch (InvalidDataException e)
            {
                // Reading it again would fail again: one batch is lost, not the feed.
                Log.UnreadableChanges(_context.Logger, _tenant.Id, e.Message);
            }

            _reader.Return(batch);
        }

        throw new ReplicationUnavailableException(ReplicationFault.Connection, "the database ended the stream of changes");
    }

    // Completes at once while the cached copy is fresh.
    private async ValueTask RefreshTenantAsync(CancellationToken cancellationToken)
    {
        try
        {
            _tenant = (await _context.Tenants.FindAsync(_tenant.Id, cancellationToken))?.Config ?? _tenant;
        }
        catch (TenantStoreUnavailableException)
        {
            // The limits of before serve as well.
        }
    }

    private void Broadcast(WalBatch batch)
    {
        if (!HasBroadcasts || !_wantsBroadcasts())
        {
            return;
        }

        for (var i = 0; i < batch.Count; i++)
        {
            if (!MessageRows.IsMessages(batch.TableOf(i)) || batch.Read(i) is not { Kind: Protocol.Changes.ChangeEvents.Insert } row)
            {
                continue;
            }

            var rate = _context.Rates.For(_tenant).Events;
            if (!MessageRows.TryRead(_tenant.Id, row, _tenant.Limits.MaxPayloadBytes, out var broadcast, out var refusal))
            {
                Log.UnableToBroadcast(_context.Logger, _tenant.Id, refusal);
            }
            else if (rate.IsExceeded)
            {
                Log.UnableToBroadcast(_context.Logger, _tenant.Id, "too_many_requests");
            }
            else
            {
                rate.Add(1);
                _outbox.Broadcast(broadcast);
            }
        }
    }

    private async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ConfirmInterval, _context.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            _reader.ConfirmIdle();
        }
    }

    // A durable slot then repeats less after a restart.
    private async Task ConfirmLastAsync()
    {
        _reader.ConfirmIdle();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _wal.SendConfirmationAsync(limit.Token);
    }

    private async Task CheckAsync(Func<CancellationToken, Task> onTablesChanged, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_context.Settings.CheckInterval, _context.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await CheckOnceAsync(onTablesChanged, cancellationToken);
            }
            catch (NpgsqlException e)
            {
                Log.CheckFailed(_context.Logger, _tenant.Id, e.Message);
            }
        }
    }

    private async Task CheckOnceAsync(Func<CancellationToken, Task> onTablesChanged, CancellationToken cancellationToken)
    {
        PublishedTable[] published;
        await using (var connection = await _connections.OpenAsync(cancellationToken))
        {
            var publication = _tenant.Database?.Publication ?? "";
            published = await TableQueries.ReadPublishedAsync(connection, publication, cancellationToken);
            var exists = await TableQueries.ReadPublicationsAsync(connection, [publication], cancellationToken) is [_];
            var lacksBroadcasts = !HasBroadcasts && _wantsBroadcasts()
                && await EnsureMessagesAsync(_context, _tenant, connection, cancellationToken);
            if (exists != _publications.Contains(publication) || lacksBroadcasts)
            {
                throw new FeedRestartException("a publication was created or dropped");
            }

            _tables.Renew(await TableQueries.ReadTablesAsync(connection, _tables.Tables, _registry.Roles, cancellationToken));
        }

        await KeepPreparedAsync(cancellationToken);
        _checks.Forget();
        if (_checks.Update(published))
        {
            await onTablesChanged(cancellationToken);
        }
    }

    // Partitions of the messages are made some days ahead, again and again.
    private async Task KeepPreparedAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_wantsBroadcasts())
            {
                await _context.Preparation.EnsureAsync(_tenant, cancellationToken);
            }
        }
        catch (TenantDatabaseUnavailableException e)
        {
            Log.CheckFailed(_context.Logger, _tenant.Id, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "UnableToBroadcastChanges: {Tenant}: :{Reason}")]
        public static partial void UnableToBroadcast(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(2, LogLevel.Error, "PoolingReplicationError: {Tenant}: changes could not be read and are lost. {Reason}")]
        public static partial void UnreadableChanges(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(3, LogLevel.Warning, "CheckOidsError: {Tenant}: the published tables could not be looked at. {Reason}")]
        public static partial void CheckFailed(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(4, LogLevel.Error, "StartReplicationFailed: {Tenant}: publication {Publication} cannot be created, so there are no broadcasts from the database. {Reason}")]
        public static partial void NoMessagesPublication(ILogger logger, TenantId tenant, string publication, string reason);
    }
}

/// <summary>A stream has to be replaced by a new one; nothing is wrong.</summary>
internal sealed class FeedRestartException(string message) : Exception(message);
