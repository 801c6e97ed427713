namespace Realtime.Socket.Sessions;

/// <summary>Messages for a topic whose join is still being decided; they are handled in order right after it.</summary>
internal sealed class DeferredMessages
{
    private readonly Queue<(bool IsBinary, byte[] Data)> _messages = new();

    /// <summary>Keeps a copy of a message.</summary>
    public void Add(bool isBinary, ReadOnlySpan<byte> data) => _messages.Enqueue((isBinary, data.ToArray()));

    /// <summary>Takes the oldest message.</summary>
    public bool TryTake(out (bool IsBinary, byte[] Data) message) => _messages.TryDequeue(out message);
}
