namespace Realtime.Contracts.Channels;

/// <summary>A space of members within a tenant: public and private channels of the same name never meet (protocol.md 3.1).</summary>
/// <param name="SubTopic">The topic without its <c>realtime:</c> prefix; exact, case-sensitive.</param>
/// <param name="IsPrivate">Whether row-level security decides who may read and write.</param>
public readonly record struct ChannelKey(string SubTopic, bool IsPrivate)
{
    /// <inheritdoc/>
    public override string ToString() => IsPrivate ? $"private {SubTopic}" : SubTopic;
}
