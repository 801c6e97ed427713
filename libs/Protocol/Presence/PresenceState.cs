using System.Buffers;

namespace Realtime.Protocol.Presence;

/// <summary>Who is present on a topic, as far as one observer knows.</summary>
/// <remarks>
/// Applying a diff again changes nothing, so diffs and states may overlap. Metas stay in the order in which they came; one that
/// replaces another takes its place (protocol.md 6.5). Not thread-safe.
/// </remarks>
public sealed class PresenceState
{
    private readonly Dictionary<PresenceRef, LinkedListNode<PresenceMeta>> _nodes = [];
    private readonly LinkedList<PresenceMeta> _metas = [];
    private byte[]? _json;

    /// <summary>Number of metas.</summary>
    public int Count => _nodes.Count;

    /// <summary>All metas, in order.</summary>
    public IReadOnlyCollection<PresenceMeta> Metas => _metas;

    /// <summary>Digest of all metas.</summary>
    public PresenceDigest Digest { get; private set; }

    /// <summary>Whether a value is here.</summary>
    public bool Contains(PresenceRef reference) => _nodes.ContainsKey(reference);

    /// <summary>Applies a diff: joins first, then leaves, as clients do.</summary>
    /// <returns>What it changed: without joins of those who are here and leaves of those who are not.</returns>
    public PresenceDiff Apply(PresenceDiff diff)
    {
        List<PresenceMeta> joins = [], leaves = [];
        foreach (var meta in diff.Joins)
        {
            if (TryJoin(meta, out var replaced))
            {
                joins.Add(meta);
                if (replaced is not null)
                {
                    leaves.Add(replaced);
                }
            }
        }

        foreach (var meta in diff.Leaves)
        {
            if (TryLeave(meta.Ref))
            {
                leaves.Add(meta);
            }
        }

        if (joins.Count > 0 || leaves.Count > 0)
        {
            _json = null;
        }

        return new PresenceDiff(joins, leaves);
    }

    /// <summary>The diff that makes this state equal to <paramref name="target"/>.</summary>
    /// <param name="target">Who shall be present.</param>
    /// <param name="isUndecided">References about which the target says nothing; they stay as they are.</param>
    public PresenceDiff DiffTo(IEnumerable<PresenceMeta> target, Func<PresenceRef, bool>? isUndecided = null)
    {
        var wanted = target.DistinctBy(meta => meta.Ref).ToDictionary(meta => meta.Ref);
        return new PresenceDiff(
            [.. wanted.Values.Where(meta => !Contains(meta.Ref) && isUndecided?.Invoke(meta.Ref) != true)],
            [.. _metas.Where(meta => !wanted.ContainsKey(meta.Ref) && isUndecided?.Invoke(meta.Ref) != true)]);
    }

    /// <summary>The payload of a <c>presence_state</c> (protocol.md 6.3); the same array until something changes, never to be changed.</summary>
    public byte[] ToJson()
    {
        if (_json is null)
        {
            var output = new ArrayBufferWriter<byte>(256);
            PresenceJson.WriteByKey(output, _metas);
            _json = output.WrittenSpan.ToArray();
        }

        return _json;
    }

    private bool TryJoin(PresenceMeta meta, out PresenceMeta? replaced)
    {
        replaced = null;
        if (_nodes.ContainsKey(meta.Ref))
        {
            return false;
        }

        if (meta.PreviousRef is { } previous && _nodes.Remove(previous, out var node))
        {
            replaced = node.Value;
            node.Value = meta;
            Digest = Digest.Without(previous);
        }
        else
        {
            node = _metas.AddLast(meta);
        }

        _nodes.Add(meta.Ref, node);
        Digest = Digest.With(meta.Ref);
        return true;
    }

    private bool TryLeave(PresenceRef reference)
    {
        if (!_nodes.Remove(reference, out var node))
        {
            return false;
        }

        _metas.Remove(node);
        Digest = Digest.Without(reference);
        return true;
    }
}
