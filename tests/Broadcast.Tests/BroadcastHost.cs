using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Nodes;
using Realtime.Contracts.Specification;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.InProcess;
using Realtime.Hosting.Limits;
using Realtime.Hosting.Tenants;
using Realtime.Protocol;
using Realtime.Protocol.Broadcasts;
using Realtime.Testing;

namespace Realtime.Broadcast.Tests;

/// <summary>The broadcast service with a few tenants, and a node that receives what it sends.</summary>
internal sealed class BroadcastHost : IAsyncDisposable
{
    public const string Secret = "s3cr3t-acme";

    private readonly HttpHost _http;

    private BroadcastHost(HttpHost http, FakeTimeProvider time, RecordingSink received, PolicyTable policies) =>
        (_http, Time, Received, Policies) = (http, time, received, policies);

    /// <summary>The server's clock.</summary>
    public FakeTimeProvider Time { get; }

    /// <summary>What a node with subscribers gets.</summary>
    public RecordingSink Received { get; }

    /// <summary>What the tenants' databases say.</summary>
    public PolicyTable Policies { get; }

    public HttpHost Http => _http;

    /// <summary>A good token of every tenant.</summary>
    public string Token => Tokens.Sign(Secret, new { sub = "user-1" }, Time.GetUtcNow().AddHours(1));

    public static async Task<BroadcastHost> StartAsync()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var policies = new PolicyTable();
        var bus = new InProcessNodeBus(NullLogger<InProcessNodeBus>.Instance);
        var received = new RecordingSink();
        bus.Subscribe(NodeId.New("socket"), received);
        var http = await HttpHost.StartAsync(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time).AddSingleton<INodeBus>(bus).AddSingleton<IChannelAuthorizer>(policies);
                builder.AddBroadcast();
            },
            app => app.MapBroadcast());
        var host = new BroadcastHost(http, time, received, policies);
        host.Put("acme", new TenantLimits());
        host.Put("small", new TenantLimits { MaxPayloadKilobytes = 1 });
        host.Put("asleep", new TenantLimits(), isSuspended: true);
        return host;
    }

    public void Put(string name, TenantLimits limits, bool isSuspended = false)
    {
        var tenant = new TenantConfig { Id = new TenantId(name), JwtSecret = Secret, Limits = limits, Suspended = isSuspended };
        _http.Tenants.Put(tenant);
        _http.Services.GetRequiredService<TenantCatalog>().Invalidate(tenant.Id);
    }

    public async Task<TenantRates> RatesOfAsync(string tenant)
    {
        var model = await _http.Services.GetRequiredService<TenantCatalog>().FindAsync(new TenantId(tenant), TestContext.Current.CancellationToken);
        return _http.Services.GetRequiredService<TenantRateBook>().For(model!.Config);
    }

    /// <summary>Posts a body with a good token.</summary>
    public Task<HttpResponseMessage> PostAsync(
        string path, string? body, string tenant = "acme", string? contentType = "application/json", params (string, string)[] headers) =>
        PostAsync(path, body is null ? null : Encoding.UTF8.GetBytes(body), tenant, contentType, headers);

    /// <summary>Posts bytes with a good token.</summary>
    public Task<HttpResponseMessage> PostAsync(
        string path, byte[]? body, string tenant = "acme", string? contentType = "application/json", params (string, string)[] headers) =>
        _http.SendAsync(path, tenant, HttpMethod.Post, Content(body, contentType), [("authorization", $"Bearer {Token}"), .. headers]);

    public static HttpContent Content(byte[]? body, string? contentType)
    {
        var content = new ByteArrayContent(body ?? []);
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("content-type", contentType);
        }

        return content;
    }

    /// <summary>The next message that nodes with subscribers got.</summary>
    public async Task<Delivered> NextAsync()
    {
        var published = Assert.IsType<BroadcastPublished>(await Received.NextAsync());
        return new Delivered(published.Tenant.Value, published.Channel, published.Message);
    }

    public ValueTask DisposeAsync() => _http.DisposeAsync();
}

/// <summary>A message as a node with subscribers got it.</summary>
internal sealed record Delivered(string Tenant, ChannelKey Channel, BroadcastMessage Message)
{
    /// <summary>The text frame of version 1 without its header; null for none.</summary>
    public string? V1 => Message.FrameFor(ProtocolVersion.V1) is { } frame ? Encoding.UTF8.GetString(frame.AsSpan(HeaderLength(frame))) : null;

    /// <summary>The frame of version 2 without its header.</summary>
    public byte[] V2 => Message.FrameFor(ProtocolVersion.V2) is { } frame ? frame[HeaderLength(frame)..] : [];

    private static int HeaderLength(byte[] frame) => frame[1] switch { 126 => 4, 127 => 10, _ => 2 };
}

/// <summary>Stands for the policies of a database: topics that may be written, and topics whose check fails.</summary>
internal sealed class PolicyTable : IChannelAuthorizer
{
    public Dictionary<string, ChannelAuthorizationError> Errors { get; } = [];

    public HashSet<string> Writable { get; } = [];

    public HashSet<string> Crashing { get; } = [];

    public System.Collections.Concurrent.ConcurrentQueue<ChannelAuthorizationRequest> Asked { get; } = new();

    public ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
    {
        Asked.Enqueue(request);
        if (Crashing.Contains(request.SubTopic))
        {
            throw new InvalidOperationException("on purpose");
        }

        var error = Errors.GetValueOrDefault(request.SubTopic);
        return ValueTask.FromResult(new ChannelAuthorization(
            error == ChannelAuthorizationError.None && Writable.Contains(request.SubTopic) ? request.Check : ChannelPermissions.None, error, null));
    }
}
