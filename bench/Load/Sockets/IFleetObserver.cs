using Realtime.Load.Wire;

namespace Realtime.Load.Sockets;

/// <summary>Hears what happens to the connections of a <see cref="Fleet"/>, on the thread that polls it.</summary>
internal interface IFleetObserver
{
    /// <summary>A connection is a member of its topic.</summary>
    void OnJoined(Connection connection, long now);

    /// <summary>A published message arrived.</summary>
    void OnDelivery(Connection connection, Stamp stamp, long now);

    /// <summary>The server, or a failure, ended the connection or its channel. Not called for a close that we asked for.</summary>
    void OnEnded(Connection connection, string reason);
}
