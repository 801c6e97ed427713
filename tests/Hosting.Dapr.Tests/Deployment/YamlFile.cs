using YamlDotNet.RepresentationModel;

namespace Realtime.Hosting.Dapr.Tests.Deployment;

/// <summary>Reads the files by which the services are deployed.</summary>
internal static class YamlFile
{
    /// <summary>The repository's folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The documents of all component files.</summary>
    public static IReadOnlyList<YamlMappingNode> Components { get; } =
        [.. Directory.GetFiles(Path.Combine(Root, "components"), "*.yaml").Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>The only document of a file.</summary>
    public static YamlMappingNode Read(string path)
    {
        using var text = File.OpenText(Path.Combine(Root, path));
        var stream = new YamlStream();
        stream.Load(text);
        return (YamlMappingNode)Assert.Single(stream.Documents).RootNode;
    }

    /// <summary>The text behind a path of keys; null when there is none.</summary>
    public static string? TextAt(this YamlNode node, params string[] path) => (node.At(path) as YamlScalarNode)?.Value;

    /// <summary>The node behind a path of keys; null when there is none.</summary>
    public static YamlNode? At(this YamlNode node, params string[] path)
    {
        foreach (var key in path)
        {
            if (node is not YamlMappingNode map || !map.Children.TryGetValue(new YamlScalarNode(key), out var child))
            {
                return null;
            }

            node = child;
        }

        return node;
    }

    /// <summary>The texts of a list; none when there is no list.</summary>
    public static IEnumerable<string> TextsAt(this YamlNode node, params string[] path) =>
        (node.At(path) as YamlSequenceNode)?.Children.Select(child => ((YamlScalarNode)child).Value!) ?? [];

    /// <summary>The keys of a map; none when there is no map.</summary>
    public static IEnumerable<string> KeysAt(this YamlNode node, params string[] path) =>
        (node.At(path) as YamlMappingNode)?.Children.Keys.Select(key => ((YamlScalarNode)key).Value!) ?? [];

    /// <summary>A component's metadata.</summary>
    public static Dictionary<string, string> Metadata(this YamlNode component) =>
        ((YamlSequenceNode)component.At("spec", "metadata")!).Children.ToDictionary(entry => entry.TextAt("name")!, entry => entry.TextAt("value")!);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "realtime-dapr.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("realtime-dapr.sln is in no folder above the tests");
        }

        return folder;
    }
}
