using System.Net.WebSockets;
using System.Threading.Channels;

namespace Realtime.Bare;

/// <summary>One connection: a loop that receives and publishes, a bounded queue, and a loop that sends.</summary>
internal sealed class Client(WebSocket socket, Room room)
{
    private const int QueuedMessages = 4096;
    private const int MaxMessageBytes = 1024 * 1024;

    private readonly Channel<(ReadOnlyMemory<byte> Message, WebSocketMessageType Type)> _queue =
        Channel.CreateBounded<(ReadOnlyMemory<byte>, WebSocketMessageType)>(new BoundedChannelOptions(QueuedMessages) { SingleReader = true });

    /// <summary>Queues a message; a client whose queue is full is cut off.</summary>
    public void Post(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        if (!_queue.Writer.TryWrite((message, type)) && socket.State == WebSocketState.Open)
        {
            socket.Abort();
        }
    }

    /// <summary>Serves the connection until it ends.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        room.Add(this);
        var sending = SendAllAsync(stopping);
        try
        {
            await ReceiveAllAsync(stopping);
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException)
        {
            // The client went away without a close, or the server stops.
        }
        finally
        {
            room.Remove(this);
            _queue.Writer.TryComplete();
            await sending;
        }
    }

    private async Task ReceiveAllAsync(CancellationToken stopping)
    {
        var buffer = new byte[4096];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, buffer.Length * 2);
                }

                result = await socket.ReceiveAsync(buffer.AsMemory(length), stopping);
                length += result.Count;
            }
            while (!result.EndOfMessage && length < MaxMessageBytes);

            if (result.MessageType == WebSocketMessageType.Close || !result.EndOfMessage)
            {
                return;
            }

            room.Publish(buffer.AsMemory(0, length).ToArray(), result.MessageType);
        }
    }

    private async Task SendAllAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var (message, type) in _queue.Reader.ReadAllAsync(stopping))
            {
                await socket.SendAsync(message, type, endOfMessage: true, stopping);
            }

            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stopping);
            }
        }
        catch (Exception failure) when (failure is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away; the receiving loop notices as well and ends the connection.
        }
    }
}
