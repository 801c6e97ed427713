namespace Realtime.Postgres.Values;

/// <summary>How the text of a value becomes JSON (protocol.md 7.5, tenant-database.md 6.9).</summary>
internal enum ValueFormat
{
    /// <summary>A JSON string of the text as it is.</summary>
    Text,

    /// <summary>A number of digits with a sign.</summary>
    Integer,

    /// <summary>A number with its scale; NaN and infinities are null, or strings inside of other values.</summary>
    Numeric,

    /// <summary>A number without exponent; NaN and infinities as with <see cref="Numeric"/>.</summary>
    Float,

    /// <summary><c>t</c> or <c>f</c>.</summary>
    Boolean,

    /// <summary>Hexadecimal digits, without the <c>\x</c> unless inside of another value.</summary>
    Bytea,

    /// <summary>JSON already.</summary>
    Json,

    /// <summary>ISO text with a T between date and time.</summary>
    Timestamp,

    /// <summary>The same with an offset that always has minutes.</summary>
    TimestampWithZone,

    /// <summary>A JSON array, nested for several dimensions.</summary>
    Array,

    /// <summary>A JSON object of the attributes.</summary>
    Composite,

    /// <summary>Not known here: <see cref="ValueConversion.NeedsDatabase"/>.</summary>
    Database,
}
