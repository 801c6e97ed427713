using Microsoft.Extensions.Time.Testing;

namespace Realtime.Socket.Tests.Presence;

public sealed class PresenceLimitTests
{
    private readonly RefNames _refs = new();

    [Fact]
    public async Task The_sixth_call_of_a_channel_within_30_seconds_shuts_it_down_and_joining_again_starts_anew()
    {
        await using var host = await SocketHost.StartAsync();
        await using var client = await host.ConnectAsync();
        await client.JoinPresenceAsync(_refs, "alice");
        for (var i = 0; i < 5; i++)
        {
            await client.UntrackAsync();
        }

        await client.SendPresenceAsync("""{"event":"track"}""");

        await client.ExpectShutDownAsync("Client presence rate limit exceeded");
        await client.JoinPresenceAsync(_refs, "alice");
        await client.UntrackAsync();
    }

    [Fact]
    public async Task Messages_without_effect_are_no_calls()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxClientPresenceCalls = 1 } });
        await using var client = await host.ConnectAsync();
        await client.JoinPresenceAsync(_refs, "alice");
        foreach (var payload in (string[])["{}", """{"event":"x"}""", """{"event":"track","payload":1}"""])
        {
            await client.SendPresenceAsync(payload);
            await client.NextTextAsync("the reply");
        }

        await client.UntrackAsync();

        await client.SendPresenceAsync("""{"event":"untrack"}""");
        await client.ExpectShutDownAsync("Client presence rate limit exceeded");
    }

    [Fact]
    public async Task The_window_of_a_tenant_starts_with_the_first_call()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(
            tenant: t => t with { Limits = t.Limits with { MaxClientPresenceCalls = 2, ClientPresenceWindow = TimeSpan.FromSeconds(4) } }, time: time);
        await using var client = await host.ConnectAsync();
        await client.JoinPresenceAsync(_refs, "alice");
        await client.UntrackAsync();
        time.Advance(TimeSpan.FromSeconds(3));
        await client.UntrackAsync();
        time.Advance(TimeSpan.FromSeconds(1));

        await client.UntrackAsync();
        await client.UntrackAsync();

        await client.SendPresenceAsync("""{"event":"untrack"}""");
        await client.ExpectShutDownAsync("Client presence rate limit exceeded");
    }

    [Fact]
    public async Task Over_the_tenants_limit_a_track_shuts_its_channel_down_but_an_untrack_does_not()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPresenceEventsPerSecond = 0 } });
        await using var client = await host.ConnectAsync();
        await client.JoinAsync("realtime:lobby");
        await client.UntrackAsync();

        await client.SendPresenceAsync("""{"event":"track"}""");

        await client.ExpectShutDownAsync("Too many presence messages per second");
    }

    [Fact]
    public async Task Over_the_tenants_limit_the_state_is_replaced_by_a_shut_down()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPresenceEventsPerSecond = 0 } });
        await using var client = await host.ConnectAsync();

        await client.JoinAsync("realtime:lobby", PresenceClient.Enabled);

        await client.ExpectShutDownAsync("Too many presence messages per second");
    }

    [Fact]
    public async Task Diffs_count_for_each_recipient()
    {
        // The bucket holds ten seconds' worth, and time stands still: one track and ten recipients are more.
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPresenceEventsPerSecond = 1 } }, time: time);
        var clients = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.ConnectAsync()));
        foreach (var client in clients)
        {
            await client.JoinAsync("realtime:lobby");
        }

        await clients[0].TrackAsync("{}");

        var events = host.Node.Rates.For(host.Node.Hubs.Find(new("acme"))!.Model.Config).PresenceEvents;
        await Testing.Wait.UntilAsync(() => events.IsExceeded, "the limit", TestContext.Current.CancellationToken);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_payload_over_the_limit_shuts_its_channel_down()
    {
        await using var host = await SocketHost.StartAsync(tenant: t => t with { Limits = t.Limits with { MaxPayloadKilobytes = 0 } });
        await using var client = await host.ConnectAsync();
        await client.JoinPresenceAsync(_refs, "alice");

        // 1 + 5 for the object, 6 for its name, 5 for the text: 483 characters make 500.
        await client.TrackAsync($$"""{"p":"{{new string('x', 483)}}"}""");
        await client.NextTextAsync("its diff");
        await client.SendPresenceAsync($$$"""{"event":"track","payload":{"p":"{{{new string('x', 484)}}}"}}""");

        await client.ExpectShutDownAsync("Track message size exceeded");
    }
}
