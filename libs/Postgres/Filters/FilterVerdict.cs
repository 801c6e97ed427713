namespace Realtime.Postgres.Filters;

/// <summary>Whether a filter lets a row through.</summary>
public enum FilterVerdict
{
    /// <summary>No: the condition is false or NULL, or its column is absent.</summary>
    NoMatch,

    /// <summary>Yes.</summary>
    Match,

    /// <summary>It depends on comparisons that only the database can make: ask with <see cref="CompiledFilter.Ask"/>.</summary>
    NeedsDatabase,
}

/// <summary>Truth of SQL, and one more value for what has not been asked yet.</summary>
internal enum Truth : byte
{
    False,
    True,
    Null,
    Pending,
}

/// <summary>The rules of SQL for <see cref="Truth"/>.</summary>
internal static class Truths
{
    public static Truth Of(bool value) => value ? Truth.True : Truth.False;

    public static Truth Not(Truth value, bool negated = true) => (value, negated) switch
    {
        (Truth.True, true) => Truth.False,
        (Truth.False, true) => Truth.True,
        _ => value,
    };
}
