using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.Cdc.Feeds;

/// <summary>The feeds of all tenants that this process reads.</summary>
internal sealed class ChangeFeeds(FeedContext context) : IChangeFeed, INodeSink, IHostedService, IAsyncDisposable
{
    private readonly ConcurrentDictionary<TenantId, TenantFeed> _feeds = new();
    private IDisposable? _subscription;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = context.Bus.Subscribe(context.Node, this);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _subscription?.Dispose();
        await Task.WhenAll(_feeds.Values.Select(f => f.DisposeAsync().AsTask())).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask<ChangeSubscribeResult> SubscribeAsync(ChangeSubscriber subscriber, CancellationToken cancellationToken) =>
        await FeedOf(subscriber.Tenant).SubscribeAsync(subscriber, cancellationToken);

    /// <inheritdoc/>
    public void Release(TenantId tenant, ChangeSubscriberId subscriber)
    {
        if (_feeds.TryGetValue(tenant, out var feed))
        {
            feed.Release(subscriber);
        }
    }

    /// <inheritdoc/>
    public void ReleaseNode(NodeId node)
    {
        foreach (var feed in _feeds.Values)
        {
            feed.Release(node);
        }
    }

    /// <inheritdoc/>
    public void RequestBroadcasts(NodeId node, TenantId tenant) => FeedOf(tenant).RequestBroadcasts(node);

    /// <inheritdoc/>
    public void ReleaseBroadcasts(NodeId node, TenantId tenant)
    {
        if (_feeds.TryGetValue(tenant, out var feed))
        {
            feed.ReleaseBroadcasts(node);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> AreBroadcastsStreamingAsync(TenantId tenant, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_feeds.TryGetValue(tenant, out var feed) && feed.StreamsBroadcasts);

    /// <inheritdoc/>
    public void Receive(NodeMessage message)
    {
        if (message is TenantChanged changed)
        {
            context.Tenants.Invalidate(changed.Tenant);
            if ((changed.Changes & TenantChanges.RestartDatabase) != 0 && _feeds.TryGetValue(changed.Tenant, out var feed))
            {
                feed.Restart();
            }
        }
    }

    private TenantFeed FeedOf(TenantId tenant) => _feeds.GetOrAdd(tenant, static (t, c) => new TenantFeed(c, t), context);
}
