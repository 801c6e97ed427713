using System.Net.WebSockets;
using System.Text;
using Realtime.Testing;

namespace Realtime.Cluster.Tests;

/// <summary>A WebSocket client of one socket service.</summary>
internal sealed class ClusterClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[100_000];

    /// <summary>The code of the close frame; null while the connection is open.</summary>
    public int? CloseCode => (int?)_socket.CloseStatus;

    /// <summary>Connects and joins a topic.</summary>
    public static async Task<ClusterClient> JoinAsync(ServiceProcess service, string tenant, string topic)
    {
        var client = new ClusterClient();
        client._socket.Options.SetRequestHeader("Host", $"{tenant}.localhost");
        var address = new UriBuilder(service.Address) { Scheme = "ws", Path = "/socket/websocket", Query = $"vsn=2.0.0&apikey={Tokens.Sign(ServiceCluster.Secret)}" };
        await client._socket.ConnectAsync(address.Uri, TestContext.Current.CancellationToken);
        await client.SendJoinAsync(topic, "{}");
        await client.NextWithAsync("\"phx_reply\",{\"status\":\"ok\"");
        return client;
    }

    public Task SendJoinAsync(string topic, string config) => SendAsync($$"""["1","1","{{topic}}","phx_join",{"config":{{config}}}]""");

    public Task BroadcastAsync(string topic, string text) =>
        SendAsync($$$"""["1","2","{{{topic}}}","broadcast",{"type":"broadcast","event":"say","payload":{"text":"{{{text}}}"}}]""");

    /// <summary>The next frame that contains a text.</summary>
    public async Task<string> NextWithAsync(string text)
    {
        while (true)
        {
            var frame = await NextAsync(text);
            if (frame.Contains(text, StringComparison.Ordinal))
            {
                return frame;
            }
        }
    }

    /// <summary>The next frame; an empty text for a close frame.</summary>
    public async Task<string> NextAsync(string missing)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Wait.Limit);
        try
        {
            var received = await _socket.ReceiveAsync(_buffer.AsMemory(), limit.Token);
            return Encoding.UTF8.GetString(_buffer, 0, received.Count);
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Missing after {Wait.Limit}: {missing}");
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task SendAsync(string text) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);
}
