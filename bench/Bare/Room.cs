using System.Net.WebSockets;

namespace Realtime.Bare;

/// <summary>The clients of one path.</summary>
internal sealed class Room
{
    private readonly Lock _lock = new();
    private readonly HashSet<Client> _members = [];
    private Client[]? _snapshot;

    public void Add(Client client)
    {
        lock (_lock)
        {
            _members.Add(client);
            _snapshot = null;
        }
    }

    public void Remove(Client client)
    {
        lock (_lock)
        {
            _members.Remove(client);
            _snapshot = null;
        }
    }

    /// <summary>Puts a message into the queue of every member. The bytes are shared and must not change.</summary>
    public void Publish(ReadOnlyMemory<byte> message, WebSocketMessageType type)
    {
        foreach (var member in Snapshot())
        {
            member.Post(message, type);
        }
    }

    private Client[] Snapshot()
    {
        lock (_lock)
        {
            return _snapshot ??= [.. _members];
        }
    }
}
