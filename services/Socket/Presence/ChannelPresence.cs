using Realtime.Protocol.Presence;

namespace Realtime.Socket.Presence;

/// <summary>What a channel tracks. Made when its client first uses presence, because most channels never do.</summary>
/// <param name="key">Presence key.</param>
internal sealed class ChannelPresence(string key)
{
    private long _windowStart;
    private int _calls;

    /// <summary>Presence key.</summary>
    public string Key { get; } = key;

    /// <summary>The tracked value; null when there is none. Only <see cref="TopicPresence"/> touches it.</summary>
    public PresenceMeta? Meta { get; set; }

    /// <summary>Counts a call in a fixed window that starts with its first call (protocol.md 8.5). For the session's reader only.</summary>
    /// <returns><see langword="false"/> when there were too many.</returns>
    public bool TryCountCall(int maxCalls, TimeSpan window, TimeProvider time)
    {
        var now = time.GetTimestamp();
        if (_calls == 0 || time.GetElapsedTime(_windowStart, now) >= window)
        {
            (_windowStart, _calls) = (now, 0);
        }

        return ++_calls <= maxCalls;
    }
}
