using Realtime.Contracts.Changes;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Hosting.Tokens;
using Realtime.Socket.Changes;
using Realtime.Socket.Channels;
using Realtime.Socket.Fanout;
using Realtime.Socket.Lifecycle;
using Realtime.Socket.Presence;

namespace Realtime.Socket;

/// <summary>What all sessions of this process share, so that a session holds one reference instead of a dozen.</summary>
internal sealed class SocketNode(
    SocketSettings settings,
    TenantSettings tenantDefaults,
    TimeProvider time,
    TenantCatalog catalog,
    TokenVerifier tokens,
    TenantRateBook rates,
    TenantHubs hubs,
    FanoutDelivery fanout,
    DeadlineWheel deadlines,
    INodeBus bus,
    INodeDirectory directory,
    IChannelAuthorizer authorizer,
    IPresenceDirectory presenceDirectory,
    IReplayStore replays,
    IChangeFeed feed,
    SocketMetrics metrics,
    IHostApplicationLifetime lifetime,
    ILogger<SocketNode> logger)
{
    private JoinPipeline? _joins;
    private BroadcastHandler? _broadcasts;
    private PresenceHandler? _presence;
    private ChannelPolicies? _policies;
    private TokenRefresh? _tokenRefresh;
    private ReplicationReady? _replicationReady;

    /// <summary>This instance of the service.</summary>
    public NodeId Id { get; } = NodeId.New("socket");

    public SocketSettings Settings => settings;

    public TenantSettings TenantDefaults => tenantDefaults;

    public TimeProvider Time => time;

    public TenantCatalog Catalog => catalog;

    public TokenVerifier Tokens => tokens;

    public TenantRateBook Rates => rates;

    public TenantHubs Hubs => hubs;

    public FanoutDelivery Fanout => fanout;

    public DeadlineWheel Deadlines => deadlines;

    public INodeBus Bus => bus;

    public INodeDirectory Directory => directory;

    public IChannelAuthorizer Authorizer => authorizer;

    public IPresenceDirectory PresenceDirectory => presenceDirectory;

    public TopicPresences TopicPresences { get; } = new();

    public IReplayStore Replays => replays;

    public IChangeFeed Feed => feed;

    /// <summary>The channels of this node that have change subscriptions.</summary>
    public ChangeRegistrations Changes { get; } = new();

    public SocketMetrics Metrics => metrics;

    public ILogger Logger => logger;

    public JoinPipeline Joins => _joins ??= new JoinPipeline(this);

    public BroadcastHandler Broadcasts => _broadcasts ??= new BroadcastHandler(this);

    public PresenceHandler Presence => _presence ??= new PresenceHandler(this);

    public ChannelPolicies Policies => _policies ??= new ChannelPolicies(this);

    public TokenRefresh TokenRefresh => _tokenRefresh ??= new TokenRefresh(this);

    public ReplicationReady ReplicationReady => _replicationReady ??= new ReplicationReady(this);

    /// <summary>Cancelled when the process stops.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    /// <summary>The process stops: new joins are refused.</summary>
    public bool IsDraining => lifetime.ApplicationStopping.IsCancellationRequested;
}
