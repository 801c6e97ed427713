namespace Realtime.Protocol.Presence;

/// <summary>Merges diffs that follow one another into one of the same effect.</summary>
/// <remarks>
/// <para>
/// With J and L as sets of references, of the diffs D1 and then D2: a value that came and went again, or went and came back, is
/// in neither list of the merged diff, because receivers are where they were:
/// </para>
/// <code>
/// J = (J1 \ L2) ∪ (J2 \ L1)
/// L = (L1 \ J2) ∪ (L2 \ J1)
/// </code>
/// <para>
/// So a chain of replacements r1 → r2 → r3 becomes join r3, leave r1. This is associative, and <see cref="PresenceDiff.Empty"/> is its
/// neutral element. It relies on diffs being effective: nobody joins who is there, nobody leaves who is not. Not thread-safe.
/// </para>
/// </remarks>
public sealed class PresenceDiffMerger
{
    private readonly OrderedDictionary<PresenceRef, PresenceMeta> _joins = [];
    private readonly OrderedDictionary<PresenceRef, PresenceMeta> _leaves = [];

    /// <summary>Whether receivers are where they were.</summary>
    public bool IsEmpty => _joins.Count == 0 && _leaves.Count == 0;

    /// <summary>Appends a diff.</summary>
    public void Add(PresenceDiff diff)
    {
        // The references of one diff differ, so the order of these two loops does not matter.
        foreach (var meta in diff.Joins)
        {
            if (!_leaves.Remove(meta.Ref))
            {
                _joins[meta.Ref] = meta;
            }
        }

        foreach (var meta in diff.Leaves)
        {
            if (!_joins.Remove(meta.Ref))
            {
                _leaves[meta.Ref] = meta;
            }
        }
    }

    /// <summary>Takes what was merged and starts anew.</summary>
    public PresenceDiff Take()
    {
        if (IsEmpty)
        {
            return PresenceDiff.Empty;
        }

        var diff = new PresenceDiff([.. _joins.Values], [.. _leaves.Values]);
        _joins.Clear();
        _leaves.Clear();
        return diff;
    }
}
