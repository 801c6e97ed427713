using System.Text.Json;

namespace Realtime.Hosting.Tokens;

/// <summary>What the header of a token says about its signature; all other members are ignored.</summary>
/// <param name="Algorithm">Member <c>alg</c>.</param>
/// <param name="KeyId">Member <c>kid</c> when it is a string, else null.</param>
internal readonly record struct TokenHeader(TokenAlgorithm Algorithm, string? KeyId)
{
    private static readonly TokenAlgorithm[] Algorithms = Enum.GetValues<TokenAlgorithm>()[1..];
    private static readonly string[] AlgorithmNames = [.. Algorithms.Select(a => a.ToString())];

    /// <summary>Reads decoded bytes; of repeated members the last counts.</summary>
    /// <returns><see langword="false"/> when they are not one JSON object.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out TokenHeader header)
    {
        header = default;
        try
        {
            var reader = new Utf8JsonReader(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isAlgorithm = reader.ValueTextEquals("alg"u8);
                var isKeyId = !isAlgorithm && reader.ValueTextEquals("kid"u8);
                reader.Read();
                if (isAlgorithm)
                {
                    header = header with { Algorithm = ReadAlgorithm(ref reader) };
                }
                else if (isKeyId)
                {
                    header = header with { KeyId = reader.TokenType == JsonTokenType.String ? reader.GetString() : null };
                }

                reader.Skip();
            }

            return !reader.Read(); // Throws when something follows the object.
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // InvalidOperationException: a string that is no text, such as half a surrogate pair.
        }
    }

    private static TokenAlgorithm ReadAlgorithm(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            for (var i = 0; i < AlgorithmNames.Length; i++)
            {
                if (reader.ValueTextEquals(AlgorithmNames[i]))
                {
                    return Algorithms[i];
                }
            }
        }

        return TokenAlgorithm.Unsupported;
    }
}
