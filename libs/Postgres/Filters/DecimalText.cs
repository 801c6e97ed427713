namespace Realtime.Postgres.Filters;

/// <summary>Compares decimal numbers of any length by their text.</summary>
internal static class DecimalText
{
    /// <summary>Compares two texts of <c>numeric</c>.</summary>
    /// <returns>False for a notation with an exponent, which <c>numeric</c> never prints.</returns>
    public static bool TryCompare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, out int order)
    {
        order = 0;
        if (left.Contains((byte)'e') || right.Contains((byte)'e'))
        {
            return false;
        }

        var (leftSign, rightSign) = (Sign(left), Sign(right));
        order = leftSign != rightSign ? leftSign.CompareTo(rightSign) : leftSign * CompareMagnitudes(left, right);
        return true;
    }

    private static int Sign(ReadOnlySpan<byte> number) =>
        !number.ContainsAnyInRange((byte)'1', (byte)'9') ? 0 : number[0] == '-' ? -1 : 1;

    private static int CompareMagnitudes(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        Split(left, out var leftWhole, out var leftFraction);
        Split(right, out var rightWhole, out var rightFraction);
        return leftWhole.Length != rightWhole.Length ? leftWhole.Length.CompareTo(rightWhole.Length)
            : leftWhole.SequenceCompareTo(rightWhole) is var whole and not 0 ? whole
            : leftFraction.SequenceCompareTo(rightFraction);
    }

    private static void Split(ReadOnlySpan<byte> number, out ReadOnlySpan<byte> whole, out ReadOnlySpan<byte> fraction)
    {
        var point = number.IndexOf((byte)'.');
        whole = (point < 0 ? number : number[..point]).TrimStart("-0"u8);
        fraction = point < 0 ? default : number[(point + 1)..].TrimEnd((byte)'0');
    }
}
