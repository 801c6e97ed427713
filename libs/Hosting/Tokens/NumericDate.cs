using System.Text.Json;

namespace Realtime.Hosting.Tokens;

/// <summary>A claim that must be a point in time: seconds since 1970, whole or not (RFC 7519 section 2).</summary>
/// <remarks>Values outside the years 1 to 9999 are taken for the nearest end, so that every result is a <see cref="DateTimeOffset"/>.</remarks>
internal readonly struct NumericDate
{
    private static readonly double Earliest = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly double Latest = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    private readonly double _seconds;

    private NumericDate(bool isNumber, double seconds, bool isWholeText)
    {
        IsPresent = true;
        IsNumber = isNumber;
        _seconds = seconds;
        IsWholeText = isWholeText;
    }

    /// <summary>Whether the token has the claim.</summary>
    public bool IsPresent { get; }

    /// <summary>Whether the claim is a JSON number.</summary>
    public bool IsNumber { get; }

    /// <summary>Whether the number is written without fraction and exponent.</summary>
    public bool IsWholeText { get; }

    /// <summary>The nearest whole second; halves go away from zero.</summary>
    public long Rounded => (long)Math.Round(_seconds, MidpointRounding.AwayFromZero);

    /// <summary>Whether the time is later, fractions included.</summary>
    public bool IsAfter(long unixSeconds) => _seconds > unixSeconds;

    /// <summary>Takes the value the reader stands on.</summary>
    public static NumericDate Read(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.Number
        ? new(true, Math.Clamp(reader.GetDouble(), Earliest, Latest), !reader.ValueSpan.ContainsAny(".eE"u8))
        : new(false, 0, false);
}
