namespace Realtime.Postgres.Values;

/// <summary>Who can turn a value of a type into JSON.</summary>
public enum ValueConversion
{
    /// <summary><see cref="JsonValueWriter"/>, exactly as the database would.</summary>
    Exact,

    /// <summary>Only the database, with <c>to_jsonb</c>: types with a cast of their own to JSON, and some rarities of the system catalogs.</summary>
    NeedsDatabase,
}
