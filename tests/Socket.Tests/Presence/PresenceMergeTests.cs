using Microsoft.Extensions.Time.Testing;
using Realtime.Socket.Presence;

namespace Realtime.Socket.Tests.Presence;

public sealed class PresenceMergeTests
{
    private const int Members = 200;

    private readonly RefNames _refs = new();

    [Fact]
    public async Task The_first_change_goes_out_at_once_and_those_of_the_window_as_one()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var host = await SocketHost.StartAsync(s => s with { IdleTimeout = TimeSpan.FromDays(1) }, time: time);
        await using var alice = await host.ConnectAsync();
        await using var bob = await host.ConnectAsync();
        await using var carol = await host.ConnectAsync();
        await using var late = await host.ConnectAsync();
        await alice.JoinPresenceAsync(_refs, "alice");
        await bob.JoinPresenceAsync(_refs, "bob");
        await carol.JoinPresenceAsync(_refs, "carol");

        await alice.TrackAsync("{}");
        const string Alice = """{"alice":{"metas":[{"phx_ref":"#1"}]}}""";
        await alice.ExpectDiffAsync(_refs, Alice, "{}");
        await bob.ExpectDiffAsync(_refs, Alice, "{}");
        await carol.ExpectDiffAsync(_refs, Alice, "{}");

        // Bob comes and goes, Carol changes twice: all while time stands still.
        await bob.TrackAsync("{}");
        await bob.UntrackAsync();
        await carol.TrackAsync("""{"n":1}""");
        await carol.TrackAsync("""{"n":2}""");
        await alice.UntrackAsync();
        await alice.ExpectNothingAsync();
        await bob.ExpectNothingAsync();
        await carol.ExpectNothingAsync();

        // Who joins meanwhile sees what the others were told, and then the same as they.
        await late.JoinPresenceAsync(_refs, "late", Alice);
        using var passing = new Passing(time);
        foreach (var client in (TestClient[])[alice, bob, carol, late])
        {
            await client.ExpectDiffAsync(_refs, """{"carol":{"metas":[{"n":2,"phx_ref":"#2","phx_ref_prev":"#3"}]}}""", Alice);
        }
    }

    [Fact]
    public async Task Many_who_track_at_once_cost_a_few_frames_each()
    {
        await using var host = await SocketHost.StartAsync();
        var clients = await Task.WhenAll(Enumerable.Range(0, Members).Select(_ => host.ConnectAsync()));
        foreach (var (i, client) in clients.Index())
        {
            await client.JoinAsync("realtime:lobby", PresenceClient.EnabledAs($"{i}"));
            await client.ExpectAsync("""["1",null,"realtime:lobby","presence_state",{}]""");
        }

        var started = TimeProvider.System.GetTimestamp();
        var counts = clients.Select(CountFramesUntilAllAreThereAsync).ToArray();
        await Task.WhenAll(clients.Select(client => client.SendPresenceAsync("""{"event":"track","payload":{"status":"online","x":12,"y":34}}""")));
        var frames = (await Task.WhenAll(counts)).Sum();
        var elapsed = TimeProvider.System.GetElapsedTime(started);

        TestContext.Current.TestOutputHelper!.WriteLine($"{frames} frames in {elapsed.TotalMilliseconds:f0} ms");
        var windows = 2 + (int)(elapsed / TopicPresence.WindowFor(Members));
        Assert.InRange(frames, 2 * Members, Members * (1 + windows));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(200, 49)]
    [InlineData(1_000, 60)]
    [InlineData(100_000, 60)]
    public void Windows_bound_the_frames_of_each_member_per_second(int members, int framesPerSecond) =>
        Assert.InRange(TimeSpan.FromSeconds(1) / TopicPresence.WindowFor(members), 1, framesPerSecond);

    // Its reply and all diffs.
    private static async Task<int> CountFramesUntilAllAreThereAsync(TestClient client)
    {
        var (frames, there) = (0, 0);
        while (there < Members || frames < 2)
        {
            var frame = await client.NextTextAsync($"{Members - there} members");
            frames++;
            there += frame.Split("\"phx_ref\":").Length - 1;
        }

        return frames;
    }
}
