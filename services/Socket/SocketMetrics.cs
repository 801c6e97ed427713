using System.Diagnostics.Metrics;

namespace Realtime.Socket;

/// <summary>What this service counts. Meter <c>Realtime.Socket</c>; every instrument is in metrics.md.</summary>
internal sealed class SocketMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Realtime.Socket";

    private readonly UpDownCounter<long> _sessions;
    private readonly UpDownCounter<long> _channels;
    private readonly Counter<long> _received;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _presenceDelivered;
    private readonly Counter<long> _malformed;
    private readonly Counter<long> _slowClients;
    private readonly Counter<long> _joins;
    private readonly Counter<long> _refusedJoins;
    private readonly Counter<long> _refusedHandshakes;

    /// <summary>Creates the instruments.</summary>
    public SocketMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _sessions = meter.CreateUpDownCounter<long>("realtime.socket.sessions", "{session}", "Open WebSocket sessions.");
        _channels = meter.CreateUpDownCounter<long>("realtime.socket.channels", "{channel}", "Joined channels.");
        _received = meter.CreateCounter<long>("realtime.socket.messages.received", "{message}", "Messages from clients.");
        _delivered = meter.CreateCounter<long>("realtime.socket.messages.delivered", "{message}", "Broadcasts handed to clients.");
        _presenceDelivered = meter.CreateCounter<long>("realtime.socket.presence.delivered", "{message}", "Presence diffs handed to clients.");
        _malformed = meter.CreateCounter<long>("realtime.socket.messages.malformed", "{message}", "Messages that could not be read.");
        _slowClients = meter.CreateCounter<long>("realtime.socket.slow_clients", "{session}", "Sessions closed because the client was too far behind.");
        _joins = meter.CreateCounter<long>("realtime.socket.joins", "{join}", "Successful joins.");
        _refusedJoins = meter.CreateCounter<long>("realtime.socket.joins.refused", "{join}", "Refused joins, by code.");
        _refusedHandshakes = meter.CreateCounter<long>("realtime.socket.handshakes.refused", "{handshake}", "Refused handshakes, by status.");
    }

    public void SessionOpened() => _sessions.Add(1);

    public void SessionClosed() => _sessions.Add(-1);

    public void MessageReceived() => _received.Add(1);

    public void MessagesDelivered(int count) => _delivered.Add(count);

    public void PresenceDelivered(int count) => _presenceDelivered.Add(count);

    public void MalformedMessage() => _malformed.Add(1);

    public void SlowClientClosed() => _slowClients.Add(1);

    public void ChannelJoined()
    {
        _joins.Add(1);
        _channels.Add(1);
    }

    public void ChannelLeft() => _channels.Add(-1);

    public void JoinRefused(string code) => _refusedJoins.Add(1, new KeyValuePair<string, object?>("code", code));

    public void HandshakeRefused(int status) => _refusedHandshakes.Add(1, new KeyValuePair<string, object?>("status", status));
}
