using System.Net.WebSockets;
using System.Text;
using Realtime.Testing;

namespace Realtime.Socket.Tests;

/// <summary>A WebSocket client that sends and expects literal frames.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket;
    private readonly byte[] _buffer = new byte[6_000_000];

    private TestClient(ClientWebSocket socket) => _socket = socket;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string? CloseDescription => _socket.CloseStatusDescription;

    public static async Task<TestClient> ConnectAsync(Uri address, string tenant, Action<ClientWebSocketOptions>? configure = null)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", $"{tenant}.localhost");
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        configure?.Invoke(socket.Options);
        await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
        return new TestClient(socket);
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public Task SendAsync(byte[] data, WebSocketMessageType type = WebSocketMessageType.Binary, bool isEnd = true) =>
        _socket.SendAsync(data, type, isEnd, TestContext.Current.CancellationToken);

    /// <summary>Joins a topic and reads the ok reply.</summary>
    public async Task JoinAsync(string topic, string config = "{}", string joinRef = "1")
    {
        await SendAsync($$"""["{{joinRef}}","{{joinRef}}","{{topic}}","phx_join",{"config":{{config}}}]""");
        await ExpectAsync($$$"""["{{{joinRef}}}","{{{joinRef}}}","{{{topic}}}","phx_reply",{"status":"ok","response":{"postgres_changes":[]}}]""");
    }

    /// <summary>The next frame must be this text.</summary>
    public async Task ExpectAsync(string expected) => Assert.Equal(expected, await NextTextAsync(expected));

    /// <summary>The next frame must be these bytes.</summary>
    public async Task ExpectAsync(byte[] expected)
    {
        var (type, data) = await NextAsync(Convert.ToHexString(expected));
        Assert.Equal(WebSocketMessageType.Binary, type);
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(data));
    }

    public async Task<string> NextTextAsync(string missing = "a text frame")
    {
        var (type, data) = await NextAsync(missing);
        Assert.Equal(WebSocketMessageType.Text, type);
        return Encoding.UTF8.GetString(data);
    }

    public async Task<(WebSocketMessageType Type, byte[] Data)> NextAsync(string missing)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Wait.Limit);
        try
        {
            var length = 0;
            while (true)
            {
                var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), limit.Token);
                length += part.Count;
                if (part.EndOfMessage)
                {
                    return (part.MessageType, _buffer[..length]);
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Missing after {Wait.Limit}: {missing}");
        }
    }

    /// <summary>The next frame must be a close with this code and no reason.</summary>
    public async Task ExpectCloseAsync(int code)
    {
        var (type, _) = await NextAsync($"close {code}");
        Assert.Equal(WebSocketMessageType.Close, type);
        Assert.Equal(code, (int?)_socket.CloseStatus);
        Assert.Equal("", _socket.CloseStatusDescription);
    }

    /// <summary>The connection must break without a close frame.</summary>
    public async Task ExpectAbortAsync()
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => NextAsync("the end of the connection"));
        Assert.IsNotType<TimeoutException>(exception);
    }

    /// <summary>A heartbeat and its reply: nothing else came before it.</summary>
    public async Task ExpectNothingAsync()
    {
        await SendAsync("""[null,"hb","phoenix","heartbeat",{}]""");
        await ExpectAsync("""[null,"hb","phoenix","phx_reply",{"status":"ok","response":{}}]""");
    }

    public Task CloseAsync(int code) =>
        _socket.CloseAsync((WebSocketCloseStatus)code, null, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
