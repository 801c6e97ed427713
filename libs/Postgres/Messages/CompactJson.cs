namespace Realtime.Postgres.Messages;

/// <summary>Removes the spaces that PostgreSQL writes after the colons and commas of a <c>jsonb</c> text.</summary>
internal static class CompactJson
{
    /// <param name="json">Valid JSON; overwritten.</param>
    /// <returns>The same value without insignificant spaces, at the start of the same array.</returns>
    public static ReadOnlyMemory<byte> Compact(byte[] json)
    {
        var (length, inString, escaped) = (0, false, false);
        foreach (var character in json)
        {
            if (character == ' ' && !inString)
            {
                continue;
            }

            json[length++] = character;
            (inString, escaped) = character switch
            {
                (byte)'"' when !escaped => (!inString, false),
                (byte)'\\' when inString => (inString, !escaped),
                _ => (inString, false),
            };
        }

        return json.AsMemory(0, length);
    }
}
