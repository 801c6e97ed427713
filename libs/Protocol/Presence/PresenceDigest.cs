namespace Realtime.Protocol.Presence;

/// <summary>Tells whether two sets of presences are the same, without listing them. Independent of the order.</summary>
/// <param name="Count">Number of values.</param>
/// <param name="Fingerprint">Random bits of all references, combined by exclusive or.</param>
public readonly record struct PresenceDigest(int Count, ulong Fingerprint)
{
    /// <summary>With one value more.</summary>
    public PresenceDigest With(PresenceRef reference) => new(Count + 1, Fingerprint ^ reference.Fingerprint);

    /// <summary>With one value less.</summary>
    public PresenceDigest Without(PresenceRef reference) => new(Count - 1, Fingerprint ^ reference.Fingerprint);

    /// <summary>The digest of two sets that have nothing in common.</summary>
    public PresenceDigest And(PresenceDigest other) => new(Count + other.Count, Fingerprint ^ other.Fingerprint);
}
