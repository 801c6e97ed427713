namespace Realtime.Contracts.Nodes;

/// <summary>One running instance of one service; new at every start.</summary>
public readonly record struct NodeId(string Value)
{
    /// <summary>A fresh id that starts with a readable name.</summary>
    public static NodeId New(string service) => new($"{service}-{Guid.NewGuid():n}");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
