using Realtime.Contracts.Channels;

namespace Realtime.Socket.Tests.Presence;

/// <summary>Presence on private channels, where policies decide (protocol.md 6.1, 6.2).</summary>
public sealed class PresencePrivateTests
{
    private const string Config = """{"private":true,"presence":{"enabled":true,"key":"alice"}}""";
    private const string Quiet = """{"private":true,"presence":{"key":"alice"}}""";

    private readonly RefNames _refs = new();
    private readonly Policies _policies = new();

    [Fact]
    public async Task Who_may_read_and_write_presence_has_all_of_it()
    {
        await using var host = await SocketHost.StartAsync(authorizer: _policies);
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", Config);
        await client.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");

        await client.TrackAsync("{}");

        await client.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
    }

    [Fact]
    public async Task Who_may_not_read_presence_gets_neither_state_nor_diffs_but_may_track()
    {
        _policies.Granted = ChannelPermissions.ReadBroadcast | ChannelPermissions.WritePresence;
        await using var host = await SocketHost.StartAsync(authorizer: _policies);
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", Config);

        await client.TrackAsync("{}");
        await client.UntrackAsync();

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Who_may_not_write_presence_is_answered_an_error_and_may_untrack()
    {
        _policies.Granted = ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence;
        await using var host = await SocketHost.StartAsync(authorizer: _policies);
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", Quiet);

        await client.SendPresenceAsync("""{"event":"track"}""");

        await client.ExpectAsync("""["1","2","realtime:lobby","phx_reply",{"status":"error","response":{}}]""");
        await client.UntrackAsync();
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task A_database_that_does_not_answer_refuses_the_track_and_is_asked_again()
    {
        await using var host = await SocketHost.StartAsync(authorizer: _policies);
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby", Quiet);
        _policies.Error = ChannelAuthorizationError.DatabaseUnavailable;

        await client.SendPresenceAsync("""{"event":"track"}""");

        await client.ExpectAsync("""["1","2","realtime:lobby","phx_reply",{"status":"error","response":{}}]""");
        _policies.Error = ChannelAuthorizationError.None;
        await client.TrackAsync("{}");
    }

    [Fact]
    public async Task A_private_channel_that_did_not_enable_presence_gets_diffs_from_its_first_track_on()
    {
        await using var host = await SocketHost.StartAsync(authorizer: _policies);
        await using var quiet = await host.ConnectAsync();
        await using var other = await host.ConnectAsync();
        await quiet.JoinAsync("realtime:lobby", Quiet);
        await other.JoinAsync("realtime:lobby", """{"private":true,"presence":{"enabled":true,"key":"other"}}""");
        await other.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");
        await other.TrackAsync("{}");
        await other.ExpectDiffAsync(_refs, """{"other":{"metas":[{"phx_ref":"#1"}]}}""", "{}");
        await quiet.ExpectNothingAsync();

        await quiet.TrackAsync("{}");

        await quiet.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#2"}]}}""", "{}");
    }

    [Fact]
    public async Task Public_and_private_topics_of_one_name_do_not_see_each_other()
    {
        await using var host = await SocketHost.StartAsync(authorizer: _policies);
        await using var hidden = await host.ConnectAsync();
        await using var open = await host.ConnectAsync();
        await hidden.JoinAsync("realtime:lobby", Config);
        await hidden.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");
        await hidden.TrackAsync("{}");
        await hidden.ExpectDiffAsync(_refs, """{"alice":{"metas":[{"phx_ref":"#1"}]}}""", "{}");

        await open.JoinPresenceAsync(_refs, "open");
        await open.TrackAsync("{}");

        await open.ExpectDiffAsync(_refs, """{"open":{"metas":[{"phx_ref":"#2"}]}}""", "{}");
        await hidden.ExpectNothingAsync();
    }

    /// <summary>The answer of a tenant's database; grants everything unless told otherwise. Never at once, as a database.</summary>
    private sealed class Policies : IChannelAuthorizer
    {
        public ChannelPermissions Granted { get; set; } =
            ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence | ChannelPermissions.WriteBroadcast | ChannelPermissions.WritePresence;

        public ChannelAuthorizationError Error { get; set; }

        public async ValueTask<ChannelAuthorization> AuthorizeAsync(ChannelAuthorizationRequest request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return new ChannelAuthorization(Error == ChannelAuthorizationError.None ? Granted & request.Check : ChannelPermissions.None, Error, null);
        }
    }
}
