namespace Realtime.Postgres.Filters;

/// <summary>SQL <c>LIKE</c> on UTF-8: <c>%</c> any characters, <c>_</c> one character, <c>\</c> takes the next one literally.</summary>
internal static class LikePattern
{
    /// <summary>Whether the pattern ends in the middle of an escape, which the database refuses.</summary>
    public static bool EndsInEscape(ReadOnlySpan<char> pattern) => (pattern.Length - pattern.TrimEnd('\\').Length) % 2 == 1;

    /// <summary>Whether the whole text matches. The time is at most the product of both lengths.</summary>
    public static bool Matches(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern)
    {
        var (t, p) = (0, 0);
        var (retryText, retryPattern) = (-1, -1);
        while (true)
        {
            if (p < pattern.Length && pattern[p] == '%')
            {
                (retryText, retryPattern) = (t, ++p);
            }
            else if (t < text.Length && TryStep(text, pattern, ref t, ref p))
            {
                continue;
            }
            else if (t == text.Length && p == pattern.Length)
            {
                return true;
            }
            else if (retryText < 0 || retryText >= text.Length)
            {
                return false;
            }
            else
            {
                // The last % takes one character more.
                retryText += CharacterLength(text[retryText..]);
                (t, p) = (retryText, retryPattern);
            }
        }
    }

    private static bool TryStep(ReadOnlySpan<byte> text, ReadOnlySpan<byte> pattern, ref int t, ref int p)
    {
        if (p == pattern.Length)
        {
            return false;
        }

        if (pattern[p] == '_')
        {
            t += CharacterLength(text[t..]);
            p++;
            return true;
        }

        var literal = pattern[p] == '\\' && p + 1 < pattern.Length ? p + 1 : p;
        if (pattern[literal] != text[t])
        {
            return false;
        }

        t++;
        p = literal + 1;
        return true;
    }

    private static int CharacterLength(ReadOnlySpan<byte> text)
    {
        var length = 1;
        while (length < text.Length && (text[length] & 0xC0) == 0x80)
        {
            length++;
        }

        return length;
    }
}
