namespace Realtime.Hosting.Http;

/// <summary>Media types as headers carry them.</summary>
public static class MediaType
{
    /// <summary>The type without its parameters and blanks; empty for none.</summary>
    public static ReadOnlySpan<char> Of(ReadOnlySpan<char> value)
    {
        var parameters = value.IndexOf(';');
        return (parameters < 0 ? value : value[..parameters]).Trim();
    }
}
