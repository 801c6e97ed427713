using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Dapr.Invocation;
using Realtime.Sidecar;
using Realtime.Testing;

namespace Realtime.Hosting.Dapr.Tests.Invocation;

public sealed class InvocationTests : IAsyncLifetime
{
    private const string AppToken = "app-token";

    private static readonly TenantConfig Acme = new()
    {
        Id = new TenantId("acme"),
        JwtSecret = "sécret",
        JwtJwks = """{"keys":[]}""",
        Suspended = true,
        PrivateOnly = true,
        PresenceEnabled = true,
        Limits = new TenantLimits { MaxConcurrentUsers = 7, MaxClientPresenceCalls = 3, ClientPresenceWindow = TimeSpan.FromSeconds(1.5) },
        Database = new TenantDatabase
        {
            Host = "db", Port = 5433, Name = "postgres", User = "admin", Password = "p:/ä", Region = "eu", SslEnforced = false,
            PoolSize = 3, QueueTarget = TimeSpan.FromSeconds(2), DurableSlot = true,
        },
    };

    private readonly StandInCluster _cluster = TestNode.NewCluster();
    private readonly Answers _answers = new();
    private StandInSidecar _sidecar = null!;
    private HttpHost _callee = null!;
    private DaprSettings _settings = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster.AppApiToken = AppToken;
        _sidecar = new StandInSidecar(_cluster, "socket");
        await _sidecar.StartAsync();
        _settings = new DaprSettings { HttpEndpoint = _sidecar.HttpEndpoint, GrpcEndpoint = _sidecar.GrpcEndpoint };
        _callee = await HttpHost.StartAsync(
            builder => builder.Services
                .AddSingleton(new DaprSettings { AppApiToken = AppToken })
                .AddSingleton<IChannelAuthorizer>(_answers)
                .AddSingleton<IReplayStore>(_answers),
            app => app.MapInternalTenants().MapInternalMessages());
        _cluster.Apps["tenant-admin"] = _cluster.Apps["broadcast"] = _callee.Address;
        _callee.Tenants.Put(Acme);
    }

    public async ValueTask DisposeAsync()
    {
        await _callee.DisposeAsync();
        await _sidecar.DisposeAsync();
    }

    [Fact]
    public async Task A_tenant_arrives_as_it_is_stored()
    {
        using var store = new DaprTenantStore(_settings, TimeProvider.System);

        Assert.Equal(Acme, await store.FindAsync(Acme.Id, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("..")]
    [InlineData("../authorizations")]
    [InlineData("a&id=acme")]
    [InlineData("acme%2f")]
    [InlineData("#?/ ä")]
    public async Task A_tenant_that_does_not_exist_is_null(string name)
    {
        using var store = new DaprTenantStore(_settings, TimeProvider.System);

        Assert.Null(await store.FindAsync(new TenantId(name), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_store_that_is_down_is_unavailable()
    {
        using var store = new DaprTenantStore(_settings, TimeProvider.System);
        _callee.Tenants.IsDown = true;

        await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => FindAsync(store));
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_unavailable_until_it_comes()
    {
        using var store = new DaprTenantStore(_settings, TimeProvider.System);
        _cluster.Apps.TryRemove("tenant-admin", out var address);
        await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => FindAsync(store));

        _cluster.Apps["tenant-admin"] = address!;

        Assert.NotNull(await FindAsync(store));
    }

    [Fact]
    public async Task A_sidecar_that_is_not_there_is_unavailable_until_it_comes()
    {
        using var store = new DaprTenantStore(_settings, TimeProvider.System);
        await _sidecar.KillAsync();
        await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => FindAsync(store));

        await _sidecar.StartAsync();

        Assert.NotNull(await FindAsync(store));
    }

    [Fact]
    public async Task A_cancelled_question_is_cancelled()
    {
        using var store = new DaprTenantStore(_settings, TimeProvider.System);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.FindAsync(Acme.Id, new CancellationToken(canceled: true)).AsTask());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("other")]
    public async Task Who_does_not_show_the_token_of_the_sidecar_gets_nothing(string? token)
    {
        var (status, body) = await GetAsync("/internal/tenants?id=acme", token);

        Assert.Equal((HttpStatusCode.Unauthorized, false), (status, body.Contains("secret", StringComparison.OrdinalIgnoreCase)));
    }

    [Theory]
    [InlineData("/internal/tenants")]
    [InlineData("/internal/tenants?id=a&id=b")]
    public async Task A_question_without_one_name_is_bad(string path)
    {
        var (status, _) = await GetAsync(path, AppToken);

        Assert.Equal(HttpStatusCode.BadRequest, status);
    }

    [Theory]
    [InlineData("/internal/authorizations", "")]
    [InlineData("/internal/authorizations", "null")]
    [InlineData("/internal/authorizations", "{}")]
    [InlineData("/internal/replays", "[")]
    [InlineData("/internal/replays", """{"limit":"x"}""")]
    public async Task A_body_that_is_no_question_is_bad(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        request.Headers.Add("dapr-api-token", AppToken);

        using var response = await _callee.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Policies_are_asked_at_the_other_service()
    {
        using var authorizer = new DaprChannelAuthorizer(_settings, TimeProvider.System, NullLogger<DaprChannelAuthorizer>.Instance);
        var request = new ChannelAuthorizationRequest(
            Acme.Id, "röm", "authenticated", null, """{"role":"authenticated"}""", "{}", ChannelPermissions.ReadBroadcast | ChannelPermissions.WritePresence);
        _answers.Authorization = new ChannelAuthorization(ChannelPermissions.ReadBroadcast, ChannelAuthorizationError.None, null);

        Assert.Equal(_answers.Authorization, await authorizer.AuthorizeAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal(request, _answers.Asked);
    }

    [Fact]
    public async Task Failures_of_policies_arrive_with_their_words()
    {
        using var authorizer = new DaprChannelAuthorizer(_settings, TimeProvider.System, NullLogger<DaprChannelAuthorizer>.Instance);
        _answers.Authorization = new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.PolicyError, "division by zero");

        Assert.Equal(_answers.Authorization, await AuthorizeAsync(authorizer));
    }

    [Fact]
    public async Task Without_the_other_service_the_database_counts_as_unavailable()
    {
        using var authorizer = new DaprChannelAuthorizer(_settings, TimeProvider.System, NullLogger<DaprChannelAuthorizer>.Instance);
        _cluster.Apps.TryRemove("broadcast", out _);

        Assert.Equal(
            new ChannelAuthorization(ChannelPermissions.None, ChannelAuthorizationError.DatabaseUnavailable, null), await AuthorizeAsync(authorizer));
    }

    [Fact]
    public async Task Stored_messages_come_from_the_other_service()
    {
        using var store = new DaprReplayStore(_settings, TimeProvider.System, NullLogger<DaprReplayStore>.Instance);
        _answers.Replay = new ReplayResult([new StoredBroadcast("id-1", "tick", new byte[] { 1, 0, 255 }, true), new StoredBroadcast("id-2", null, "{}"u8.ToArray(), false)], ReplayError.None, null);

        var result = await store.ReplayAsync(new ReplayRequest(Acme.Id, "room", -5, 25), TestContext.Current.CancellationToken);

        Assert.Equal(
            [("id-1", "tick", "0100FF", true), ("id-2", null, "7B7D", false)],
            result.Messages.Select(m => (m.Id, m.Event, Convert.ToHexString(m.Payload.Span), m.IsBinary)));
        Assert.Equal(new ReplayRequest(Acme.Id, "room", -5, 25), _answers.Wanted);
    }

    [Fact]
    public async Task Without_the_other_service_nothing_can_be_replayed()
    {
        using var store = new DaprReplayStore(_settings, TimeProvider.System, NullLogger<DaprReplayStore>.Instance);
        _cluster.Apps.TryRemove("broadcast", out _);

        var result = await store.ReplayAsync(new ReplayRequest(Acme.Id, "room", 0, 1), TestContext.Current.CancellationToken);

        Assert.Equal((0, ReplayError.Failed), (result.Messages.Count, result.Error));
    }

    private static Task<TenantConfig?> FindAsync(DaprTenantStore store) => store.FindAsync(Acme.Id, TestContext.Current.CancellationToken).AsTask();

    private static Task<ChannelAuthorization> AuthorizeAsync(DaprChannelAuthorizer authorizer) => authorizer.AuthorizeAsync(
        new ChannelAuthorizationRequest(Acme.Id, "room", "anon", "sub", "{}", "{}", ChannelPermissions.WriteBroadcast),
        TestContext.Current.CancellationToken).AsTask();

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.Add("dapr-api-token", token);
        }

        using var response = await _callee.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Stands for the tenants' databases.</summary>
    private sealed class Answers : IChannelAuthorizer, IReplayStore
    {
        public ChannelAuthorization Authorization { get; set; }

        public ReplayResult Replay { get; set; } = new([], ReplayError.None, null);

        public ChannelAuthorizationRequest? Asked { get; private set; }

        public ReplayRequest? Wanted { get; private set; }

        public ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
        {
            Asked = request;
            return ValueTask.FromResult(Authorization);
        }

        public ValueTask<ReplayResult> ReplayAsync(ReplayRequest request, CancellationToken cancellationToken)
        {
            Wanted = request;
            return ValueTask.FromResult(Replay);
        }
    }
}
