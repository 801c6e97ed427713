namespace Realtime.Protocol;

/// <summary>Reads the <c>vsn</c> query parameter.</summary>
public static class ProtocolVersions
{
    /// <summary>Accepts <c>1.0.x</c> and <c>2.0.x</c> without a pre-release (protocol.md 1.2).</summary>
    /// <param name="vsn">The parameter; null when absent, which means 1.0.0.</param>
    /// <param name="version">The serializer to use.</param>
    public static bool TryParse(string? vsn, out ProtocolVersion version)
    {
        version = ProtocolVersion.V1;
        if (vsn is null)
        {
            return true;
        }

        // Semantic versions may end in build metadata, which has no meaning.
        var parts = vsn.Split('+')[0].Split('.');
        if (parts is not [var major, "0", var patch] || !IsNumber(patch))
        {
            return false;
        }

        version = major == "2" ? ProtocolVersion.V2 : ProtocolVersion.V1;
        return major is "1" or "2";
    }

    private static bool IsNumber(string text) =>
        text.Length is > 0 and <= 9 && text.All(char.IsAsciiDigit) && (text.Length == 1 || text[0] != '0');
}
