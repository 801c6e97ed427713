using System.Collections.Concurrent;
using Npgsql;
using Realtime.Cdc.Subscriptions;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Postgres.Connections;

namespace Realtime.Cdc.Feeds;

/// <summary>The feed of one tenant: starts with the first user, connects again after failures, stops some time after the last.</summary>
/// <remarks>Users are change subscribers and nodes that want broadcasts. Thread-safe.</remarks>
internal sealed partial class TenantFeed : IAsyncDisposable
{
    private const string CannotConnect = "Realtime was unable to connect to the project database";

    // The text of the reference server, which clients have seen before.
    private const string TooManyTimeouts = "{:error, \"Too many database timeouts\"}";

    private readonly Lock _lock = new();
    private readonly HashSet<NodeId> _broadcastNodes = [];
    private readonly SubscriberRegistry _registry = new();
    private readonly SubscriptionChecks _checks;
    private readonly FeedContext _context;
    private readonly TenantId _tenant;
    private readonly ITimer _idleTimer;
    private readonly ConcurrentDictionary<ChangeSubscriberId, ChangeSubscriber> _pending = new();
    private CancellationTokenSource _stop = new();
    private CancellationTokenSource? _restart;
    private Task _run = Task.CompletedTask;
    private TaskCompletionSource _changed = NewSignal();
    private TaskCompletionSource _broadcastsWanted = NewSignal();
    private FeedState _state = FeedState.Stopped;
    private bool _isDurable;
    private bool _isDisposed;

    public TenantFeed(FeedContext context, TenantId tenant)
    {
        (_context, _tenant) = (context, tenant);
        _checks = new SubscriptionChecks(context.Databases, _registry);
        _idleTimer = context.Time.CreateTimer(static f => ((TenantFeed)f!).StopIfIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether broadcasts from the database are being read.</summary>
    public bool StreamsBroadcasts
    {
        get
        {
            lock (_lock)
            {
                return _state is { Kind: FeedStateKind.Running, IsPrepared: true, HasBroadcasts: true };
            }
        }
    }

    /// <summary>See <see cref="IChangeFeed.SubscribeAsync"/>.</summary>
    public async Task<ChangeSubscribeResult> SubscribeAsync(ChangeSubscriber subscriber, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_context.Settings.StartTimeout);
        EnterWaiting(+1);
        _pending[subscriber.Id] = subscriber;
        try
        {
            if (await WaitForStartAsync(limit.Token) is { } failure)
            {
                return failure;
            }

            if (await _context.Tenants.FindAsync(subscriber.Tenant, limit.Token) is not { } tenant)
            {
                return ChangeSubscribeResult.Rejected(CannotConnect);
            }

            var (registration, rejection) = await _checks.CheckAsync(tenant.Config, subscriber, limit.Token);
            if (registration is null)
            {
                _registry.Remove(subscriber.Id);
                return ChangeSubscribeResult.Rejected(rejection!);
            }

            if (!TryRegister(registration))
            {
                return ChangeSubscribeResult.Retry(null);
            }

            // A stream that broke meanwhile has a gap; the next one has not, and begins after this registration.
            if (await WaitForStartAsync(limit.Token) is { } broken)
            {
                return broken;
            }

            TellLoss([subscriber.Id]);
            return ChangeSubscribeResult.Subscribed;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ChangeSubscribeResult.Retry(null);
        }
        catch (TenantPoolExhaustedException)
        {
            return ChangeSubscribeResult.Retry(TooManyTimeouts);
        }
        catch (Exception e) when (e is TenantDatabaseUnavailableException or TenantStoreUnavailableException)
        {
            return ChangeSubscribeResult.Retry(CannotConnect);
        }
        catch (NpgsqlException)
        {
            return ChangeSubscribeResult.Retry(TooManyTimeouts);
        }
        finally
        {
            _pending.TryRemove(KeyValuePair.Create(subscriber.Id, subscriber));
            EnterWaiting(-1);
        }
    }

    /// <summary>Forgets a subscriber.</summary>
    public void Release(ChangeSubscriberId subscriber)
    {
        lock (_pending)
        {
            _pending.TryRemove(subscriber, out _);
            _registry.Remove(subscriber);
        }

        NoteUsers();
    }

    /// <summary>Forgets everything of a node.</summary>
    public void Release(NodeId node)
    {
        lock (_pending)
        {
            foreach (var id in _pending.Keys.Where(id => id.Node == node))
            {
                _pending.TryRemove(id, out _);
            }

            _registry.Remove(node);
        }

        lock (_lock)
        {
            _broadcastNodes.Remove(node);
        }

        NoteUsers();
    }

    /// <summary>A node wants broadcasts from the database.</summary>
    public void RequestBroadcasts(NodeId node)
    {
        lock (_lock)
        {
            if (_broadcastNodes.Add(node) && _state is { Kind: FeedStateKind.Running, IsPrepared: false })
            {
                // Without their publication the stream has to begin anew.
                if (!_state.HasBroadcasts)
                {
                    RestartLocked();
                }

                _broadcastsWanted.TrySetResult();
            }
        }

        NoteUsers();
    }

    /// <summary>A node does not want them any more.</summary>
    public void ReleaseBroadcasts(NodeId node)
    {
        lock (_lock)
        {
            _broadcastNodes.Remove(node);
        }

        NoteUsers();
    }

    /// <summary>The tenant's settings changed: connect anew with them. All subscribers are registered again.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            RestartLocked();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task run;
        lock (_lock)
        {
            _isDisposed = true;
            _stop.Cancel();
            run = _run;
        }

        await _idleTimer.DisposeAsync();
        await run;
    }

    // One that was released, or asked anew, while its check went on must not come back.
    private bool TryRegister(Registration registration)
    {
        lock (_pending)
        {
            var isCurrent = _pending.TryGetValue(registration.Subscriber.Id, out var pending) && ReferenceEquals(pending, registration.Subscriber);
            if (isCurrent)
            {
                _registry.Set(registration);
            }

            return isCurrent;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
