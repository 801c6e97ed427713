using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Realtime.Hosting.Tokens;

/// <summary>The claims that decide about a token, read in one pass over its decoded bytes. Of repeated names the last counts.</summary>
internal ref struct TokenClaims
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ReadOnlySpan<byte> _json;
    private bool _hasBlanks;

    private enum Claim
    {
        Other,
        ExpiresAt,
        IssuedAt,
        Role,
        Subject,
    }

    private TokenClaims(ReadOnlySpan<byte> json) => _json = json;

    /// <summary>Claim <c>exp</c>.</summary>
    public NumericDate ExpiresAt { get; private set; }

    /// <summary>Claim <c>iat</c>.</summary>
    public NumericDate IssuedAt { get; private set; }

    /// <summary>Whether there is a claim <c>role</c>, of whatever type.</summary>
    public bool HasRole { get; private set; }

    /// <summary>Claim <c>role</c> when it is a string, else null.</summary>
    public string? Role { get; private set; }

    /// <summary>Claim <c>sub</c> when it is a string, else null.</summary>
    public string? Subject { get; private set; }

    /// <summary>Reads decoded bytes, which the result goes on to refer to.</summary>
    /// <returns><see langword="false"/> when they are not one JSON object of valid text, nested 64 levels deep at most.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out TokenClaims claims)
    {
        claims = new TokenClaims(json);
        try
        {
            return Utf8.IsValid(json) && claims.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // InvalidOperationException: a string that is no text, such as half a surrogate pair.
        }
    }

    /// <summary>The claims as compact JSON, <c>exp</c> and <c>iat</c> rounded to whole seconds.</summary>
    public readonly string ToJson() =>
        _hasBlanks || IsFractional(ExpiresAt) || IsFractional(IssuedAt) ? Rewrite() : Encoding.UTF8.GetString(_json);

    private bool Read()
    {
        var reader = new Utf8JsonReader(_json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        // Blanks inside of strings are the only ones that compact JSON has.
        var blanks = CountBlanks(_json);
        var claim = Claim.Other;
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String)
            {
                CheckText(ref reader);
                blanks -= blanks == 0 ? 0 : CountBlanks(reader.ValueSpan);
            }

            if (claim != Claim.Other)
            {
                Take(claim, ref reader);
                claim = Claim.Other;
            }
            else if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
            {
                claim = Name(ref reader);
            }
        }

        _hasBlanks = blanks > 0;
        return true;
    }

    private static Claim Name(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("exp"u8) ? Claim.ExpiresAt
        : reader.ValueTextEquals("iat"u8) ? Claim.IssuedAt
        : reader.ValueTextEquals("role"u8) ? Claim.Role
        : reader.ValueTextEquals("sub"u8) ? Claim.Subject
        : Claim.Other;

    private void Take(Claim claim, ref Utf8JsonReader reader)
    {
        switch (claim)
        {
            case Claim.ExpiresAt:
                ExpiresAt = NumericDate.Read(ref reader);
                break;
            case Claim.IssuedAt:
                IssuedAt = NumericDate.Read(ref reader);
                break;
            case Claim.Role:
                (HasRole, Role) = (true, TextOrNull(ref reader));
                break;
            default:
                Subject = TextOrNull(ref reader);
                break;
        }
    }

    private static string? TextOrNull(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString() : null;

    /// <summary>The reader checks the form of escapes, not that they make up text; whoever reads the claims later must not find out.</summary>
    private static void CheckText(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped)
        {
            reader.GetString();
        }
    }

    private static int CountBlanks(ReadOnlySpan<byte> json) => json.CountAny(" \t\r\n"u8);

    private static bool IsFractional(NumericDate date) => date is { IsNumber: true, IsWholeText: false };

    private readonly string Rewrite()
    {
        var output = new ArrayBufferWriter<byte>(_json.Length);
        using (var writer = new Utf8JsonWriter(output, Compact))
        {
            writer.WriteStartObject();
            foreach (var claim in JsonElement.Parse(_json).EnumerateObject())
            {
                if (claim.NameEquals("exp"u8) && IsFractional(ExpiresAt))
                {
                    writer.WriteNumber("exp"u8, ExpiresAt.Rounded);
                }
                else if (claim.NameEquals("iat"u8) && IsFractional(IssuedAt))
                {
                    writer.WriteNumber("iat"u8, IssuedAt.Rounded);
                }
                else
                {
                    claim.WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
