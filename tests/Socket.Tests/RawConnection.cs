using System.Net;
using System.Net.Sockets;
using System.Text;
using Realtime.Testing;

namespace Realtime.Socket.Tests;

/// <summary>A client that writes bytes no WebSocket library would write, and reads server frames as they come.</summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private readonly TcpClient _client = new();
    private NetworkStream _stream = null!;

    public static async Task<RawConnection> OpenAsync(SocketHost host, string query = "vsn=2.0.0", int? receiveBuffer = null)
    {
        var connection = new RawConnection();
        if (receiveBuffer is { } size)
        {
            connection._client.ReceiveBufferSize = size;
        }

        await connection._client.ConnectAsync(IPAddress.Loopback, host.Port, TestContext.Current.CancellationToken);
        connection._stream = connection._client.GetStream();
        await connection.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /socket/websocket?apikey={SocketHost.Token()}&{query} HTTP/1.1\r\nHost: acme.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await connection.ReadExactlyAsync(1))[0]);
        }

        Assert.StartsWith("HTTP/1.1 101", head.ToString(), StringComparison.Ordinal);
        return connection;
    }

    public async Task WriteAsync(byte[] data) => await _stream.WriteAsync(data, TestContext.Current.CancellationToken);

    /// <summary>A masked frame; the mask is zero, so the payload is as given.</summary>
    public Task SendFrameAsync(byte firstByte, params byte[] payload) => WriteAsync(Frame(firstByte, payload));

    public static byte[] Frame(byte firstByte, byte[] payload) => payload.Length switch
    {
        < 126 => [firstByte, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload],
        <= ushort.MaxValue => [firstByte, 0xFE, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload],
        _ => [firstByte, 0xFF, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload],
    };

    public Task SendTextAsync(string text) => SendFrameAsync(0x81, Encoding.UTF8.GetBytes(text));

    /// <summary>The next frames must be exactly these bytes.</summary>
    public async Task ExpectAsync(string hex) => Assert.Equal(hex, Convert.ToHexString(await ReadExactlyAsync(hex.Length / 2)));

    /// <summary>Nothing more comes and the connection ends in order.</summary>
    public async Task ExpectEndAsync() => Assert.Equal(0, await _stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken).AsTask().WaitAsync(Wait.Limit));

    /// <summary>The connection ends, in order or not.</summary>
    public async Task ExpectBreakAsync()
    {
        var buffer = new byte[65_536];
        try
        {
            while (await _stream.ReadAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Wait.Limit) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: that is the break.
        }
    }

    public async Task<byte[]> ReadExactlyAsync(int count)
    {
        var data = new byte[count];
        await _stream.ReadExactlyAsync(data, TestContext.Current.CancellationToken).AsTask().WaitAsync(Wait.Limit);
        return data;
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
