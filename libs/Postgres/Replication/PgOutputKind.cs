namespace Realtime.Postgres.Replication;

/// <summary>First byte of a message (PostgreSQL: Logical Replication Message Formats).</summary>
public enum PgOutputKind : byte
{
    /// <summary>Start of a committed transaction.</summary>
    Begin = (byte)'B',

    /// <summary>Its end.</summary>
    Commit = (byte)'C',

    /// <summary>Definition of a table.</summary>
    Relation = (byte)'R',

    /// <summary>A new row.</summary>
    Insert = (byte)'I',

    /// <summary>A changed row.</summary>
    Update = (byte)'U',

    /// <summary>A removed row.</summary>
    Delete = (byte)'D',

    /// <summary>Tables emptied.</summary>
    Truncate = (byte)'T',
}
