using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Realtime.Hosting.Dapr.Tests.Deployment;

/// <summary>The file for <c>docker compose up</c>.</summary>
public sealed class ComposeFileTests
{
    private static readonly Dictionary<string, Service> Services = Read();

    [Fact]
    public void Every_service_has_a_sidecar_of_its_app_id() => Assert.All(DaprNames.Apps, appId =>
    {
        var sidecar = Services[$"{appId}-sidecar"];

        Assert.True(Services.ContainsKey(appId));
        Assert.Equal($"service:{appId}", sidecar.NetworkMode);
        Assert.Equal(["--app-id", appId], sidecar.Command.SkipWhile(part => part != "--app-id").Take(2));
        Assert.Contains(sidecar.Volumes, volume => volume == "./components:/components:ro");
    });

    [Fact]
    public void Every_path_exists() => Assert.All(
        Services.Values.SelectMany(service => service.Volumes).Select(volume => volume.Split(':')[0]).Where(path => path.StartsWith('.')),
        path => Assert.True(Path.Exists(Path.Combine(YamlFile.Root, path)), path));

    [Fact]
    public void Every_service_is_built_from_its_folder() => Assert.All(DaprNames.Apps, appId =>
    {
        var project = Services[appId].Build!.Args["SERVICE"];

        Assert.True(File.Exists(Path.Combine(YamlFile.Root, "services", project, $"{project}.csproj")), project);
        Assert.Equal(appId.Replace("-", "", StringComparison.Ordinal), project, ignoreCase: true);
    });

    [Theory]
    [InlineData("pubsub.yaml")]
    [InlineData("state.yaml")]
    public void Components_differ_only_in_where_Redis_is(string file)
    {
        var local = File.ReadAllText(Path.Combine(YamlFile.Root, "components", file));

        Assert.Equal(local.Replace("localhost:6379", "redis:6379", StringComparison.Ordinal), File.ReadAllText(Path.Combine(YamlFile.Root, "deploy", "compose", file)));
    }

    private static Dictionary<string, Service> Read()
    {
        using var text = File.OpenText(Path.Combine(YamlFile.Root, "docker-compose.yml"));
        var reader = new MergingParser(new Parser(text));
        return new DeserializerBuilder().IgnoreUnmatchedProperties().Build().Deserialize<Compose>(reader).Services;
    }

    internal sealed class Compose
    {
        [YamlMember(Alias = "services")]
        public Dictionary<string, Service> Services { get; set; } = [];
    }

    internal sealed class Service
    {
        [YamlMember(Alias = "network_mode")]
        public string? NetworkMode { get; set; }

        [YamlMember(Alias = "command")]
        public List<string> Command { get; set; } = [];

        [YamlMember(Alias = "volumes")]
        public List<string> Volumes { get; set; } = [];

        [YamlMember(Alias = "build")]
        public Build? Build { get; set; }
    }

    internal sealed class Build
    {
        [YamlMember(Alias = "args")]
        public Dictionary<string, string> Args { get; set; } = [];
    }
}
