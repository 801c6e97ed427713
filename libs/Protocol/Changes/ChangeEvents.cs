namespace Realtime.Protocol.Changes;

/// <summary>The kinds of change of one row, as a set: what a subscription asks for, or the one kind that a change is.</summary>
[Flags]
public enum ChangeEvents
{
    /// <summary>No kind.</summary>
    None = 0,

    /// <summary>A new row.</summary>
    Insert = 1,

    /// <summary>A changed row.</summary>
    Update = 2,

    /// <summary>A removed row.</summary>
    Delete = 4,

    /// <summary>All three; <c>*</c> in a subscription.</summary>
    All = Insert | Update | Delete,
}

/// <summary>The names of <see cref="ChangeEvents"/> on the wire.</summary>
public static class ChangeEventNames
{
    /// <summary><c>INSERT</c>, <c>UPDATE</c> or <c>DELETE</c> in any letter case; everything else means all of them (protocol.md 7.1).</summary>
    public static ChangeEvents Parse(string? name) => name?.ToUpperInvariant() switch
    {
        "INSERT" => ChangeEvents.Insert,
        "UPDATE" => ChangeEvents.Update,
        "DELETE" => ChangeEvents.Delete,
        _ => ChangeEvents.All,
    };

    /// <summary><c>INSERT</c>, <c>UPDATE</c>, <c>DELETE</c>, or <c>*</c> for any set of several.</summary>
    public static string ToName(this ChangeEvents events) => events switch
    {
        ChangeEvents.Insert => "INSERT",
        ChangeEvents.Update => "UPDATE",
        ChangeEvents.Delete => "DELETE",
        _ => "*",
    };
}
