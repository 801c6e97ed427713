using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Realtime.Cdc.Feeds;
using Realtime.Contracts.Changes;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.InProcess;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Postgres.Connections;
using Realtime.Postgres.Messages;
using Realtime.Postgres.TenantSchema;
using Realtime.Protocol.Changes;
using Realtime.Testing;

namespace Realtime.Cdc.Tests.Support;

/// <summary>A feed over a database of its own, and a node that receives what it publishes.</summary>
public sealed class FeedHost : INodeSink, IAsyncDisposable
{
    public static readonly TenantId Tenant = new("acme");

    private readonly Dictionary<ChangeSubscriberId, Channel<ReceivedChange>> _changes = [];
    private readonly Dictionary<ChangeSubscriberId, Channel<ChangeFeedNotice>> _notices = [];
    private readonly Channel<BroadcastPublished> _broadcasts = Channel.CreateUnbounded<BroadcastPublished>();
    private readonly InProcessNodeBus _bus = new(NullLogger<InProcessNodeBus>.Instance);
    private readonly InMemoryTenantStore _store = new();
    private readonly IDisposable _subscription;
    private readonly PostgresServer _server;
    private readonly string _database;
    private readonly FeedSettings _settings;
    private TenantDataSources _sources;
    private ChangeFeeds _feeds;
    private long _subscribers;

    private FeedHost(PostgresServer server, string database, FeedSettings settings, Func<TenantConfig, TenantConfig> configure)
    {
        (_server, _database, _settings) = (server, database, settings);
        Config = _store.Put(configure(new TenantConfig
        {
            Id = Tenant,
            Limits = new TenantLimits { MaxEventsPerSecond = 10_000_000 },
            Database = new TenantDatabase
            {
                Host = server.Host, Port = server.Port, Name = database, User = PostgresServer.User, Password = PostgresServer.Password,
                SslEnforced = false, SlotName = $"slot_{database}",
            },
        }));
        _subscription = _bus.Subscribe(Node, this);
        (_feeds, _sources) = CreateFeeds();
    }

    public NodeId Node { get; } = NodeId.New("socket");

    public TenantConfig Config { get; private set; }

    public IChangeFeed Feed => _feeds;

    public string SlotName => Config.Database!.SlotName;

    /// <summary>Messages of changes seen so far.</summary>
    public int Messages { get; private set; }

    /// <summary>Called with each message of changes instead of keeping them.</summary>
    public Action<ChangesPublished>? OnChanges { get; set; }

    /// <summary>Distinct audiences seen so far.</summary>
    public HashSet<ChangeAudience> Audiences { get; } = new(ReferenceEqualityComparer.Instance);

    public static async Task<FeedHost> StartAsync(
        PostgresServer server, string sql, Func<TenantConfig, TenantConfig>? configure = null, FeedSettings? settings = null)
    {
        var database = await server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        var host = new FeedHost(server, database, settings ?? new FeedSettings { StartTimeout = TimeSpan.FromSeconds(20) }, configure ?? (c => c));
        if (sql.Length > 0)
        {
            await host.ExecuteAsync(sql);
        }

        return host;
    }

    /// <summary>Runs statements, in one transaction unless they are more than one call.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_server.ConnectionString(_database));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Holds an advisory lock until the result is disposed.</summary>
    public async Task<IAsyncDisposable> HoldGateAsync(long key)
    {
        var connection = new NpgsqlConnection(_server.ConnectionString(_database));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"select pg_advisory_lock({key})", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>An open connection to the database.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_server.ConnectionString(_database));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(_server.ConnectionString(_database));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>A subscriber with the given entries, not registered yet.</summary>
    public ChangeSubscriber Subscriber(string entries, string role = "anon", string claims = "{}")
    {
        using var document = JsonDocument.Parse(entries);
        var parsed = document.RootElement.EnumerateArray().Select(e =>
            ChangeSubscription.TryParse(e, out var subscription, out var error) ? subscription : throw new ArgumentException(error));
        var id = new ChangeSubscriberId(Node, Interlocked.Increment(ref _subscribers));
        lock (_changes)
        {
            _changes[id] = Channel.CreateUnbounded<ReceivedChange>();
            _notices[id] = Channel.CreateUnbounded<ChangeFeedNotice>();
        }

        return new ChangeSubscriber { Id = id, Tenant = Tenant, Role = role, Claims = claims, Entries = [.. parsed] };
    }

    /// <summary>Registers a subscriber and expects that to succeed.</summary>
    public async Task<ChangeSubscriber> SubscribeAsync(string entries, string role = "anon", string claims = "{}")
    {
        var subscriber = Subscriber(entries, role, claims);
        var result = await Feed.SubscribeAsync(subscriber, TestContext.Current.CancellationToken);
        Assert.Equal(ChangeSubscribeResult.Subscribed, result);
        return subscriber;
    }

    public async Task<ReceivedChange> NextAsync(ChangeSubscriber subscriber) =>
        await Wait.ForAsync(_changes[subscriber.Id].Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask(), "a change");

    public async Task<ChangeFeedNotice> NextNoticeAsync(ChangeSubscriber subscriber) =>
        await Wait.ForAsync(_notices[subscriber.Id].Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask(), "a notice");

    public async Task<BroadcastPublished> NextBroadcastAsync() =>
        await Wait.ForAsync(_broadcasts.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask(), "a broadcast");

    /// <summary>Changes the tenant's settings and announces it as the management API does.</summary>
    public void Configure(Func<TenantConfig, TenantConfig> configure)
    {
        Config = _store.Put(configure(Config));
        _bus.Publish(Node, new TenantChanged(Tenant, TenantChanges.RestartDatabase));
    }

    /// <summary>Ends the process of the feed and starts another.</summary>
    public async Task RestartAsync(Func<Task>? meanwhile = null)
    {
        await StopFeedsAsync();
        if (meanwhile is not null)
        {
            await meanwhile();
        }

        (_feeds, _sources) = CreateFeeds();
    }

    public void Receive(NodeMessage message)
    {
        lock (_changes)
        {
            switch (message)
            {
                case ChangesPublished published when OnChanges is not null:
                    OnChanges(published);
                    break;
                case ChangesPublished published:
                    Messages++;
                    foreach (var change in published.Changes)
                    {
                        Audiences.Add(change.Audience);
                        foreach (var recipient in change.Audience.Recipients)
                        {
                            _changes[recipient.Subscriber].Writer.TryWrite(new ReceivedChange(change, recipient.Ids));
                        }
                    }

                    break;
                case ChangeFeedNotice notice:
                    foreach (var subscriber in notice.Subscribers)
                    {
                        _notices[subscriber].Writer.TryWrite(notice);
                    }

                    break;
                case BroadcastPublished broadcast:
                    _broadcasts.Writer.TryWrite(broadcast);
                    break;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopFeedsAsync();
        _subscription.Dispose();
    }

    private async Task StopFeedsAsync()
    {
        await _feeds.DisposeAsync();
        await _sources.DisposeAsync();
    }

    private (ChangeFeeds Feeds, TenantDataSources Sources) CreateFeeds()
    {
        var time = TimeProvider.System;
        var sources = new TenantDataSources(time, NullLogger<TenantDataSources>.Instance);
        var preparation = new TenantPreparation(
            sources, new TenantMigrations(sources, time, NullLogger<TenantMigrations>.Instance),
            new MessagePartitions(sources, time, NullLogger<MessagePartitions>.Instance), time, NullLogger<TenantPreparation>.Instance);
        var feeds = new ChangeFeeds(new FeedContext(
            NodeId.New("cdc"), _bus, new TenantCatalog(_store, new TenantSettings(), time), sources, preparation, new TenantRateBook(time),
            _settings, time, new TestLogger()));
        _ = feeds.StartAsync(CancellationToken.None);
        return (feeds, sources);
    }
}

/// <summary>A change as one subscriber got it.</summary>
/// <param name="Change">As published.</param>
/// <param name="Ids">The subscriber's ids.</param>
public sealed record ReceivedChange(PublishedChange Change, ImmutableArray<int> Ids)
{
    public string Json => Encoding.UTF8.GetString(Change.Data.Span);

    public JsonElement Data { get; } = JsonDocument.Parse(Change.Data).RootElement;

    public string Type => Data.GetProperty("type").GetString()!;

    public string Record => Data.GetProperty("record").GetRawText();

    public string OldRecord => Data.GetProperty("old_record").GetRawText();

    public string Columns => string.Join(",", Data.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()));

    public string Errors => Data.GetProperty("errors").GetRawText();
}
