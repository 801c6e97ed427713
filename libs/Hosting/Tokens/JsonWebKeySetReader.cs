using System.Buffers.Text;
using System.Text.Json;

namespace Realtime.Hosting.Tokens;

/// <summary>Reads a tenant's JSON Web Key Set (RFC 7517). Members <c>alg</c>, <c>use</c> and <c>key_ops</c> are not consulted, private members not read.</summary>
internal static class JsonWebKeySetReader
{
    /// <summary>The usable keys, and the <c>oct</c> keys that are not, because those still rule out the shared secret. Null when the text is no key set.</summary>
    public static TokenKey[]? Read(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("keys", out var keys)
                && keys.ValueKind == JsonValueKind.Array
                    ? [.. keys.EnumerateArray().Select(ReadKey).OfType<TokenKey>()]
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return null; // Not JSON, or not even text.
        }
    }

    private static TokenKey? ReadKey(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || Text(key, "kid") is not { } keyId)
        {
            return null;
        }

        return Text(key, "kty") switch
        {
            "oct" when Text(key, "k") is { } secret => new SymmetricTokenKey(keyId, Decode(secret)),
            "RSA" when Bytes(key, "n") is { } modulus && Bytes(key, "e") is { } exponent => RsaTokenKey.Create(keyId, modulus, exponent),
            "EC" when Text(key, "crv") is { } curve && Bytes(key, "x") is { } x && Bytes(key, "y") is { } y =>
                EllipticCurveTokenKey.Create(keyId, curve, x, y),
            "OKP" when Text(key, "crv") is { } curve && Bytes(key, "x") is { } point => EdwardsTokenKey.Create(keyId, curve, point),
            _ => null,
        };
    }

    private static string? Text(JsonElement key, string name)
    {
        try
        {
            return key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // An escape of half a surrogate pair: no text.
        }
    }

    private static byte[]? Bytes(JsonElement key, string name) => Text(key, name) is { } text ? Decode(text) : null;

    private static byte[]? Decode(string base64Url)
    {
        // The decoder skips blanks and takes '%' for padding; neither belongs into a key.
        if (base64Url.AsSpan().ContainsAnyExcept(TokenText.Base64UrlCharacters))
        {
            return null;
        }

        try
        {
            return Base64Url.DecodeFromChars(base64Url);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
