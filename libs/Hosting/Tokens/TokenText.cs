using System.Buffers;
using System.Globalization;
using System.Text;

namespace Realtime.Hosting.Tokens;

/// <summary>Prepares the text of a token: percent-decoded once, then freed of all whitespace (protocol.md 1.5).</summary>
internal static class TokenText
{
    private const string Base64UrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// <summary>The base64url alphabet with padding.</summary>
    public static SearchValues<char> Base64UrlCharacters { get; } = SearchValues.Create(Base64UrlAlphabet + "=");

    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(Base64UrlAlphabet + "=.");

    /// <summary>Writes the prepared token as ASCII.</summary>
    /// <param name="token">The token as a client sent it.</param>
    /// <param name="destination">At least as long as <paramref name="token"/>.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns><see langword="false"/> when the percent-encoding is broken or a character is left that no token has.</returns>
    public static bool TryPrepare(ReadOnlySpan<char> token, Span<byte> destination, out int written)
    {
        written = 0;
        var clean = token.IndexOfAnyExcept(TokenCharacters);
        if (clean < 0)
        {
            written = Encoding.ASCII.GetBytes(token, destination);
            return true;
        }

        written = Encoding.ASCII.GetBytes(token[..clean], destination);
        for (var i = clean; i < token.Length; i++)
        {
            var character = token[i];
            if (character == '%')
            {
                if (i + 2 >= token.Length || !TryDecode(token.Slice(i + 1, 2), out character))
                {
                    return false;
                }

                i += 2;
            }

            if (TokenCharacters.Contains(character))
            {
                destination[written++] = (byte)character;
            }
            else if (!char.IsWhiteSpace(character))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The prepared token, or null when <see cref="TryPrepare"/> refuses it.</summary>
    public static string? Prepare(ReadOnlySpan<char> token)
    {
        var ascii = new byte[token.Length];
        return TryPrepare(token, ascii, out var length) ? Encoding.ASCII.GetString(ascii, 0, length) : null;
    }

    private static bool TryDecode(ReadOnlySpan<char> digits, out char character)
    {
        var isByte = byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        character = (char)value;
        // A byte above ASCII is a part of some other character, none of which a token has; as a char it could pass for a blank.
        return isByte && value < 0x80;
    }
}
