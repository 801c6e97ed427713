using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.InProcess;
using Realtime.Protocol.Presence;
using Realtime.Testing;

namespace Realtime.Presence.Tests.Http;

public sealed class PresenceRouteTests : IAsyncLifetime
{
    private const string Secret = "dev";
    private static readonly TenantId Acme = new("acme");

    private readonly Policies _policies = new();
    private readonly NodeId _node = NodeId.New("socket");
    private HttpHost _host = null!;

    private IPresenceDirectory Directory => _host.Services.GetRequiredService<IPresenceDirectory>();

    public async ValueTask InitializeAsync()
    {
        _host = await HttpHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<INodeBus, InProcessNodeBus>();
                builder.Services.AddSingleton<IChannelAuthorizer>(_policies);
                builder.AddPresence();
            },
            app => app.MapPresence());
        _host.Tenants.Put(new TenantConfig { Id = Acme, JwtSecret = Secret });
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_topic_nobody_is_on_is_empty()
    {
        using var response = await GetAsync("/api/presence/lobby");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Header("content-type"));
        Assert.Equal("""{"topic":"lobby","count":0,"presences":{}}""", await response.TextAsync());
    }

    [Fact]
    public async Task Members_are_listed_by_key_and_keys_are_counted()
    {
        var (one, two, bob) = (Meta("alice", """{"n":1}"""), Meta("alice", """{"n":2}"""), Meta("b\"ob", "{}"));
        Directory.Publish(_node, Topic("lobby"), new PresenceDiff([one, two, bob], []));

        using var response = await GetAsync("/api/presence/lobby");

        Assert.Equal(
            """{"topic":"lobby","count":2,"presences":{"alice":{"metas":[{"n":1,"phx_ref":"1"},{"n":2,"phx_ref":"2"}]},"b\"ob":{"metas":[{"phx_ref":"3"}]}}}""",
            (await response.TextAsync()).Replace(one.Ref.ToString(), "1").Replace(two.Ref.ToString(), "2").Replace(bob.Ref.ToString(), "3"));
    }

    [Fact]
    public async Task Count_leaves_the_members_out()
    {
        Directory.Publish(_node, Topic("lobby"), PresenceDiff.Joined(Meta("alice", "{}")));

        using var response = await GetAsync("/api/presence/lobby?count=true");

        Assert.Equal("""{"topic":"lobby","count":1}""", await response.TextAsync());
    }

    [Theory]
    [InlineData("/api/presence/a%2Fb%3F%20c", "a/b? c")]
    [InlineData("/api/presence/a%252Fb", "a%2Fb")]
    [InlineData("/api/presence/room:1", "room:1")]
    public async Task Topics_are_percent_encoded(string path, string topic)
    {
        Directory.Publish(_node, Topic(topic), PresenceDiff.Joined(Meta("alice", "{}")));

        using var response = await GetAsync($"{path}?count=true");

        Assert.Contains("\"count\":1", await response.TextAsync());
    }

    [Fact]
    public async Task A_topic_that_is_no_text_is_refused()
    {
        using var response = await GetAsync("/api/presence/%ff");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_token_of_the_tenant_is_needed()
    {
        using var without = await _host.SendAsync("/api/presence/lobby");
        using var other = await GetAsync("/api/presence/lobby", secret: "another");

        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, other.StatusCode);
    }

    [Fact]
    public async Task A_suspended_tenant_is_refused()
    {
        _host.Tenants.Put(new TenantConfig { Id = new TenantId("asleep"), JwtSecret = Secret, Suspended = true });

        using var response = await GetAsync("/api/presence/lobby", tenant: "asleep");

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_private_topic_is_another_one_and_needs_the_policies()
    {
        Directory.Publish(_node, Topic("lobby"), PresenceDiff.Joined(Meta("alice", "{}")));
        _policies.Granted = ChannelPermissions.ReadPresence;

        using var response = await GetAsync("/api/presence/lobby?private=true");

        Assert.Equal("""{"topic":"lobby","count":0,"presences":{}}""", await response.TextAsync());
        Assert.Equal(("lobby", ChannelPermissions.ReadPresence), (_policies.LastRequest!.SubTopic, _policies.LastRequest.Check));
    }

    [Theory]
    [InlineData(ChannelAuthorizationError.None, HttpStatusCode.Forbidden, """{"message":"Unauthorized"}""")]
    [InlineData(ChannelAuthorizationError.PolicyError, HttpStatusCode.Forbidden, """{"message":"Unauthorized"}""")]
    [InlineData(ChannelAuthorizationError.DatabaseUnavailable, HttpStatusCode.UnprocessableEntity, """{"message":"Tenant database unavailable"}""")]
    public async Task A_private_topic_without_permission_is_refused(ChannelAuthorizationError error, HttpStatusCode status, string body)
    {
        _policies.Granted = ChannelPermissions.ReadBroadcast;
        _policies.Error = error;

        using var response = await GetAsync("/api/presence/lobby?private=true");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(body, await response.TextAsync());
    }

    private Task<HttpResponseMessage> GetAsync(string path, string tenant = "acme", string secret = Secret) =>
        _host.SendAsync(path, tenant, headers: ("apikey", Tokens.Sign(secret)));

    private static PresenceTopic Topic(string name) => new(Acme, new ChannelKey(name, IsPrivate: false));

    private static PresenceMeta Meta(string key, string json)
    {
        Assert.True(PresencePayload.TryCreate(Encoding.UTF8.GetBytes(json), out var payload));
        return new PresenceMeta(key, payload, PresenceRef.New());
    }

    /// <summary>The answer of a tenant's database.</summary>
    private sealed class Policies : IChannelAuthorizer
    {
        public ChannelPermissions Granted { get; set; }

        public ChannelAuthorizationError Error { get; set; }

        public ChannelAuthorizationRequest? LastRequest { get; private set; }

        public ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
        {
            LastRequest = request;
            return ValueTask.FromResult(new ChannelAuthorization(Granted & request.Check, Error, null));
        }
    }
}
