using System.Globalization;

namespace Realtime.Sidecar;

/// <summary>Stands in for a state store behind sidecars: etags, first write wins, time to live.</summary>
public sealed class StandInStates(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Every call fails.</summary>
    public bool IsDown
    {
        get => Volatile.Read(ref field);
        set => Volatile.Write(ref field, value);
    }

    /// <summary>Loses everything, as a store without persistence does when it starts again.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _entries.Clear();
        }
    }

    /// <summary>Writes whatever was there before, as another application could.</summary>
    public void Put(string key, byte[] data)
    {
        lock (_lock)
        {
            _entries[key] = new Entry(data, VersionOf(key) + 1, DateTimeOffset.MaxValue);
        }
    }

    /// <summary>Keys and values that have not expired.</summary>
    public IReadOnlyDictionary<string, byte[]> Snapshot()
    {
        lock (_lock)
        {
            RemoveExpired();
            return _entries.ToDictionary(pair => pair.Key, pair => pair.Value.Data);
        }
    }

    internal (byte[] Data, string Etag)? Read(string key)
    {
        lock (_lock)
        {
            RemoveExpired();
            return _entries.TryGetValue(key, out var entry) ? (entry.Data, entry.Version.ToString(CultureInfo.InvariantCulture)) : null;
        }
    }

    /// <param name="etag">The version to replace; null for a key that must not exist.</param>
    internal bool TryWrite(string key, byte[] data, string? etag, TimeSpan? timeToLive)
    {
        lock (_lock)
        {
            RemoveExpired();
            if (Read(key)?.Etag != etag)
            {
                return false;
            }

            _entries[key] = new Entry(data, VersionOf(key) + 1, timeToLive is { } left ? time.GetUtcNow() + left : DateTimeOffset.MaxValue);
            return true;
        }
    }

    internal bool TryDelete(string key, string etag)
    {
        lock (_lock)
        {
            return Read(key)?.Etag == etag && _entries.Remove(key);
        }
    }

    private long VersionOf(string key) => _entries.TryGetValue(key, out var entry) ? entry.Version : 0;

    private void RemoveExpired()
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.ExpiresAt <= time.GetUtcNow())
            {
                _entries.Remove(key);
            }
        }
    }

    private sealed record Entry(byte[] Data, long Version, DateTimeOffset ExpiresAt);
}
