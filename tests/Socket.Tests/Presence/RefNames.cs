using System.Text.RegularExpressions;

namespace Realtime.Socket.Tests.Presence;

/// <summary>Names the random references of frames in the order in which they first appear: <c>#1</c>, <c>#2</c>. Shared by the clients of a test.</summary>
internal sealed partial class RefNames
{
    private readonly Dictionary<string, string> _names = [];

    public string In(string frame) => Reference().Replace(frame, match =>
    {
        if (!_names.TryGetValue(match.Value, out var name))
        {
            _names.Add(match.Value, name = $"#{_names.Count + 1}");
        }

        return name;
    });

    [GeneratedRegex("(?<=\"phx_ref(_prev)?\":\")[A-Za-z0-9_-]{16}(?=\")")]
    private static partial Regex Reference();
}
