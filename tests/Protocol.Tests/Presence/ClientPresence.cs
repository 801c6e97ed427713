using System.Text.Json;

namespace Realtime.Protocol.Tests.Presence;

/// <summary>What a client makes of states and diffs: of a diff first the joins, then the leaves, by reference (protocol.md 10.4).</summary>
internal sealed class ClientPresence
{
    private readonly Dictionary<string, List<string>> _refs = new(StringComparer.Ordinal);

    /// <summary>Keys and their references, in an order that does not matter.</summary>
    public string Text => string.Join(';', _refs.OrderBy(key => key.Key, StringComparer.Ordinal)
        .Select(key => $"{key.Key}={string.Join(',', key.Value.Order(StringComparer.Ordinal))}"));

    /// <summary>Takes a whole state.</summary>
    public void Sync(byte[] state)
    {
        _refs.Clear();
        Join(JsonElement.Parse(state));
    }

    /// <summary>Applies a diff.</summary>
    public void Apply(byte[] diff)
    {
        var json = JsonElement.Parse(diff);
        Join(json.GetProperty("joins"));
        foreach (var (key, refs) in RefsOf(json.GetProperty("leaves")))
        {
            if (_refs.TryGetValue(key, out var known))
            {
                known.RemoveAll(refs.Contains);
                if (known.Count == 0)
                {
                    _refs.Remove(key);
                }
            }
        }
    }

    private void Join(JsonElement joins)
    {
        foreach (var (key, refs) in RefsOf(joins))
        {
            _refs[key] = [.. _refs.GetValueOrDefault(key, []).Except(refs), .. refs];
        }
    }

    private static IEnumerable<(string Key, List<string> Refs)> RefsOf(JsonElement presences) => presences.EnumerateObject().Select(key =>
        (key.Name, key.Value.GetProperty("metas").EnumerateArray().Select(meta => meta.GetProperty("phx_ref").GetString()!).ToList()));
}
