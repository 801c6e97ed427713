using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Npgsql;
using Realtime.Cdc.Delivery;
using Realtime.Cdc.Subscriptions;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.Replication;

namespace Realtime.Cdc.Feeds;

// The life of the feed: one task while there are users.
internal sealed partial class TenantFeed
{
    private static readonly TimeSpan LossIsNews = TimeSpan.FromSeconds(30);

    private int _waiting;
    private (string Message, long At)? _loss;
    private bool _isLossNew;
    private TenantDatabase? _durable;
    private TimeSpan _wait;
    private bool _hasRun;

    // Those who wait for their registration keep the feed running, too.
    private void EnterWaiting(int change)
    {
        Interlocked.Add(ref _waiting, change);
        NoteUsers();
    }

    private bool HasUsers => Volatile.Read(ref _waiting) > 0 || _broadcastNodes.Count > 0 || _registry.Count > 0;

    private bool WantsBroadcasts()
    {
        lock (_lock)
        {
            return _broadcastNodes.Count > 0;
        }
    }

    private void NoteUsers()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            if (!HasUsers)
            {
                _idleTimer.Change(_isDurable ? _context.Settings.StopDurableAfter : _context.Settings.StopAfter, Timeout.InfiniteTimeSpan);
                return;
            }

            _idleTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (_state.Kind == FeedStateKind.Stopped)
            {
                SetStateLocked(new FeedState(FeedStateKind.Starting));
                if (_stop.IsCancellationRequested)
                {
                    _stop = new CancellationTokenSource();
                }

                _wait = _context.Settings.MinReconnectWait;
                var (before, token) = (_run, _stop.Token);
                _run = Task.Run(() => RunAsync(before, token), CancellationToken.None);
            }
        }
    }

    private void StopIfIdle()
    {
        lock (_lock)
        {
            if (!HasUsers && !_isDisposed)
            {
                _stop.Cancel();
                SetStateLocked(FeedState.Stopped);
            }
        }
    }

    private void RestartLocked()
    {
        if (_state.Kind != FeedStateKind.Stopped)
        {
            SetStateLocked(new FeedState(FeedStateKind.Starting));
            _restart?.Cancel();
        }
    }

    private void SetStateLocked(FeedState state)
    {
        _state = state;
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    /// <returns>Null when changes are being read; else what to answer.</returns>
    private async Task<ChangeSubscribeResult?> WaitForStartAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                switch (_state.Kind)
                {
                    case FeedStateKind.Running:
                        return null;
                    case FeedStateKind.Failed:
                        return ChangeSubscribeResult.Retry(_state.Message);
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task RunAsync(Task before, CancellationToken cancellationToken)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!cancellationToken.IsCancellationRequested)
        {
            using var restart = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            lock (_lock)
            {
                _restart = restart;
            }

            if (await AttemptAsync(restart.Token))
            {
                await Task.Delay(_wait, _context.Time, restart.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _wait = TimeSpan.FromTicks(Math.Min(_wait.Ticks * 2, _context.Settings.MaxReconnectWait.Ticks));
            }

            lock (_lock)
            {
                _restart = null;
            }
        }

        if (!_isDisposed)
        {
            await DropSlotAsync(_durable);
            _durable = null;
        }
    }

    /// <returns>Whether to wait before the next attempt.</returns>
    private async Task<bool> AttemptAsync(CancellationToken cancellationToken)
    {
        try
        {
            var tenant = (await _context.Tenants.FindAsync(_tenant, cancellationToken))?.Config;
            await RunOnceAsync(tenant, cancellationToken);
            return true;
        }
        catch (FeedRestartException)
        {
            return false;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            return NoteFailure(e);
        }
    }

    private async Task RunOnceAsync(TenantConfig? tenant, CancellationToken cancellationToken)
    {
        if (tenant is not { Suspended: false, Database: { } database })
        {
            throw new ReplicationUnavailableException(ReplicationFault.Connection,
                tenant is null ? "the tenant is gone" : tenant.Suspended ? "the tenant is suspended" : "the tenant has no database");
        }

        bool withBroadcasts;
        lock (_lock)
        {
            _isDurable = database.DurableSlot;
            withBroadcasts = _broadcastNodes.Count > 0;
        }

        if (_durable is { } old && (old.Host, old.Port, old.Name, old.SlotName) != (database.Host, database.Port, database.Name, database.SlotName))
        {
            await DropSlotAsync(old);
        }

        _durable = database.DurableSlot ? database : null;

        if (withBroadcasts)
        {
            await PrepareAsync(tenant, cancellationToken);
        }

        await using var stream = await FeedStream.OpenAsync(_context, tenant, database, _registry, _checks, WantsBroadcasts, cancellationToken);
        Log.Started(_context.Logger, _tenant, stream.HasBroadcasts);
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SetStateLocked(new FeedState(FeedStateKind.Running, withBroadcasts, stream.HasBroadcasts));
            _broadcastsWanted = NewSignal();

            // A node may have asked for broadcasts since they were looked at.
            if (!withBroadcasts && _broadcastNodes.Count > 0)
            {
                _broadcastsWanted.TrySetResult();
                if (!stream.HasBroadcasts)
                {
                    throw new FeedRestartException("broadcasts are wanted now");
                }
            }
        }

        _wait = _context.Settings.MinReconnectWait;
        if (_isLossNew)
        {
            _isLossNew = false;
            TellLoss([.. _registry.All.Select(r => r.Subscriber.Id)]);
        }

        if (_hasRun)
        {
            await RegisterAllAsync(cancellationToken);
        }
        else if (stream.IsResumed)
        {
            await Task.Delay(_context.Settings.ResumeWait, _context.Time, cancellationToken);
        }

        _hasRun = true;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var preparing = withBroadcasts ? Task.CompletedTask : PrepareWhenWantedAsync(tenant, end.Token);
        try
        {
            await stream.RunAsync(RegisterAllAsync, cancellationToken);
        }
        finally
        {
            await end.CancelAsync();
            await preparing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // The stream of a feed that was started for Postgres Changes has broadcasts, too, where their publication was there already.
    private async Task PrepareWhenWantedAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        await _broadcastsWanted.Task.WaitAsync(cancellationToken);
        await PrepareAsync(tenant, cancellationToken);
        lock (_lock)
        {
            if (_state.Kind == FeedStateKind.Running)
            {
                SetStateLocked(_state with { IsPrepared = true });
            }
        }
    }

    // Without the schema there is nothing to broadcast, but Postgres Changes need none of it.
    private async Task PrepareAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        try
        {
            await _context.Preparation.EnsureAsync(tenant, cancellationToken);
        }
        catch (TenantDatabaseUnavailableException e)
        {
            Log.NotPrepared(_context.Logger, _tenant, e.Message);
        }
    }

    // Every subscriber is checked anew and told the result: tables, privileges or the slot are not what they were.
    private async Task RegisterAllAsync(CancellationToken cancellationToken)
    {
        if (await _context.Tenants.FindAsync(_tenant, cancellationToken) is not { } tenant)
        {
            return;
        }

        _checks.Forget();
        var subscribed = ImmutableArray.CreateBuilder<ChangeSubscriberId>();
        foreach (var current in _registry.All)
        {
            try
            {
                var (renewed, rejection) = await _checks.CheckAsync(tenant.Config, current.Subscriber, cancellationToken);
                if (_registry.TryRenew(current, renewed) && renewed is null)
                {
                    Outbox().Notify([current.Subscriber.Id], isError: true, rejection!);
                }
                else if (renewed is not null)
                {
                    subscribed.Add(current.Subscriber.Id);
                }
            }
            catch (Exception e) when (e is TenantDatabaseUnavailableException or NpgsqlException)
            {
                // It keeps what it had, which was good before.
                Log.NotRenewed(_context.Logger, _tenant, e.Message);
                subscribed.Add(current.Subscriber.Id);
            }
        }

        Outbox().Notify(subscribed.DrainToImmutable(), isError: false, ChangeFeedNotice.Subscribed);
        NoteUsers();
    }

    /// <returns>Whether to wait before the next attempt.</returns>
    private bool NoteFailure(Exception failure)
    {
        var fault = (failure as ReplicationUnavailableException)?.Fault ?? ReplicationFault.Connection;
        var reason = failure is ReplicationUnavailableException or NpgsqlException or TenantStoreUnavailableException
            ? failure.Message
            : failure.ToString();
        Log.Failed(_context.Logger, _tenant, fault, reason);
        lock (_lock)
        {
            if (_state.Kind != FeedStateKind.Stopped)
            {
                SetStateLocked(fault == ReplicationFault.SlotLost
                    ? new FeedState(FeedStateKind.Starting)
                    : new FeedState(FeedStateKind.Failed, Message: fault == ReplicationFault.Connection ? CannotConnect : failure.Message));
            }
        }

        if (fault != ReplicationFault.SlotLost)
        {
            return true;
        }

        // The next attempt makes a new slot at once. Those who come back to it are told, too.
        lock (_lock)
        {
            _loss = ($"Changes were lost: {failure.Message}", _context.Time.GetTimestamp());
        }

        _isLossNew = true;
        return false;
    }

    // After a restart of the process the subscribers of before come one by one.
    private void TellLoss(ImmutableArray<ChangeSubscriberId> subscribers)
    {
        (string Message, long At)? loss;
        lock (_lock)
        {
            loss = _loss;
        }

        if (loss is { } told && _context.Time.GetElapsedTime(told.At) < LossIsNews)
        {
            Outbox().Notify(subscribers, isError: true, told.Message);
        }
    }

    // A durable slot that nobody reads would fill the customer's disk. It stays when only this process ends.
    private async Task DropSlotAsync(TenantDatabase? database)
    {
        if (database is null)
        {
            return;
        }

        try
        {
            await using var connections = new FeedConnections(database);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
            await WalReader.DropSlotAsync(
                new WalReaderOptions(connections.ReplicationConnectionString, _context.SlotNameOf(database), Durable: true, [], null), limit.Token);
        }
        catch (Exception e)
        {
            // A wrong host, a wrong password, no answer: whatever it is, the feed goes on without that slot.
            Log.SlotNotDropped(_context.Logger, _tenant, e.Message);
        }
    }

    private ChangeOutbox Outbox() => new(_tenant, _context.Node, _context.Bus, static _ => true);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The change feed of {Tenant} runs (broadcasts: {Broadcasts}).")]
        public static partial void Started(ILogger logger, TenantId tenant, bool broadcasts);

        [LoggerMessage(2, LogLevel.Error, "ReplicationConnectionDown: {Tenant}: {Fault}: {Reason}")]
        public static partial void Failed(ILogger logger, TenantId tenant, ReplicationFault fault, string reason);

        [LoggerMessage(3, LogLevel.Error, "StartReplicationFailed: {Tenant}: broadcasts from the database may be missing. {Reason}")]
        public static partial void NotPrepared(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(4, LogLevel.Warning, "UnableToSubscribeToPostgres: {Tenant}: a subscription could not be checked anew. {Reason}")]
        public static partial void NotRenewed(ILogger logger, TenantId tenant, string reason);

        [LoggerMessage(5, LogLevel.Error, "DropReplicationSlotFailed: {Tenant}: {Reason}")]
        public static partial void SlotNotDropped(ILogger logger, TenantId tenant, string reason);
    }
}
