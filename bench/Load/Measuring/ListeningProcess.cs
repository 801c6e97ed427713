using System.Globalization;

namespace Realtime.Load.Measuring;

/// <summary>Finds the process of this machine that listens on a port.</summary>
internal static class ListeningProcess
{
    private const string Listening = "0A";

    /// <returns>Its id; null when there is none or its descriptors may not be read.</returns>
    public static int? Find(int port)
    {
        var sockets = Inodes("/proc/net/tcp", port).Concat(Inodes("/proc/net/tcp6", port)).Select(i => $"socket:[{i}]").ToHashSet();
        if (sockets.Count == 0)
        {
            return null;
        }

        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Owns(directory, sockets))
            {
                return id;
            }
        }

        return null;
    }

    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …
    private static IEnumerable<string> Inodes(string table, int port)
    {
        var suffix = $":{port:X4}";
        return File.Exists(table)
            ? File.ReadLines(table).Skip(1)
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length > 9 && fields[1].EndsWith(suffix, StringComparison.Ordinal) && fields[3] == Listening)
                .Select(fields => fields[9])
            : [];
    }

    private static bool Owns(string directory, HashSet<string> sockets)
    {
        try
        {
            return Directory.EnumerateFiles($"{directory}/fd").Any(f => new FileInfo(f).LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false; // It ended meanwhile, or belongs to somebody else.
        }
    }
}
