namespace Realtime.Socket.Tests.Presence;

/// <summary>What a client says and expects about presence in version 2.</summary>
internal static class PresenceClient
{
    public const string Enabled = """{"presence":{"enabled":true}}""";

    public static string EnabledAs(string key) => $$$"""{"presence":{"enabled":true,"key":"{{{key}}}"}}""";

    /// <summary>Joins with presence and expects this state.</summary>
    public static async Task JoinPresenceAsync(this TestClient client, RefNames refs, string key, string state = "{}", string joinRef = "1")
    {
        await client.JoinAsync("realtime:lobby", EnabledAs(key), joinRef);
        await client.ExpectAsync(refs, $$"""["{{joinRef}}",null,"realtime:lobby","presence_state",{{state}}]""");
    }

    public static Task SendPresenceAsync(this TestClient client, string payload, string reference = "2") =>
        client.SendAsync($$"""["1","{{reference}}","realtime:lobby","presence",{{payload}}]""");

    /// <summary>Tracks and reads the ok reply.</summary>
    public static async Task TrackAsync(this TestClient client, string payload)
    {
        await client.SendPresenceAsync($$"""{"type":"presence","event":"track","payload":{{payload}}}""");
        await client.ExpectOkAsync();
    }

    /// <summary>Untracks and reads the ok reply.</summary>
    public static async Task UntrackAsync(this TestClient client)
    {
        await client.SendPresenceAsync("""{"type":"presence","event":"untrack"}""");
        await client.ExpectOkAsync();
    }

    public static Task ExpectOkAsync(this TestClient client) =>
        client.ExpectAsync("""["1","2","realtime:lobby","phx_reply",{"status":"ok","response":{}}]""");

    public static async Task ExpectAsync(this TestClient client, RefNames refs, string expected) =>
        Assert.Equal(expected, refs.In(await client.NextTextAsync(expected)));

    /// <summary>The next frame must be this diff.</summary>
    public static Task ExpectDiffAsync(this TestClient client, RefNames refs, string joins, string leaves) =>
        client.ExpectAsync(refs, $$$"""[null,null,"realtime:lobby","presence_diff",{"joins":{{{joins}}},"leaves":{{{leaves}}}}]""");

    /// <summary>The channel must be shut down with this message.</summary>
    public static async Task ExpectShutDownAsync(this TestClient client, string message)
    {
        await client.ExpectAsync(
            $$$"""["1",null,"realtime:lobby","system",{"extension":"system","status":"error","message":"{{{message}}}","channel":"lobby"}]""");
        await client.ExpectAsync("""["1","1","realtime:lobby","phx_close",{}]""");
    }
}
