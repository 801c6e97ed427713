using YamlDotNet.RepresentationModel;

namespace Realtime.Hosting.Dapr.Tests.Deployment;

/// <summary>The file for <c>dapr run -f .</c></summary>
public sealed class RunFileTests
{
    private static readonly YamlMappingNode File = YamlFile.Read("dapr.yaml");
    private static readonly IList<YamlNode> Apps = ((YamlSequenceNode)File.At("apps")!).Children;

    [Fact]
    public void Every_service_runs_under_its_app_id() => Assert.Equal(
        DaprNames.Apps.Append("gateway").Order(StringComparer.Ordinal), Apps.Select(app => app.TextAt("appID")).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_service_listens_where_its_sidecar_looks() => Assert.All(Apps, app => Assert.Equal(app.TextAt("appPort"), app.TextAt("env", "PORT")));

    [Fact]
    public void Every_service_has_a_port_of_its_own() => Assert.Distinct(Apps.Select(app => app.TextAt("appPort")));

    [Fact]
    public void Every_service_runs_the_program_of_its_folder() => Assert.All(Apps, app =>
    {
        var folder = app.TextAt("appDirPath")!;
        var project = Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(Path.Combine(YamlFile.Root, folder), "*.csproj")));

        Assert.Equal(["dotnet", $"bin/Release/net10.0/Realtime.{project}.dll"], app.TextsAt("command"));
    });

    [Fact]
    public void The_gateway_looks_for_services_where_they_listen()
    {
        var gateway = Apps.Single(app => app.TextAt("appID") == "gateway");

        foreach (var (setting, appId) in new[]
            { ("SOCKET_ADDRESSES", DaprNames.SocketApp), ("BROADCAST_ADDRESSES", DaprNames.BroadcastApp), ("TENANT_ADMIN_ADDRESSES", DaprNames.TenantAdminApp) })
        {
            var port = Apps.Single(app => app.TextAt("appID") == appId).TextAt("appPort");
            Assert.Equal($"http://127.0.0.1:{port}", gateway.TextAt("env", setting));
        }
    }

    [Fact]
    public void Resources_and_configuration_exist()
    {
        Assert.True(Directory.Exists(Path.Combine(YamlFile.Root, File.TextAt("common", "resourcesPath")!)));
        Assert.Equal("Configuration", YamlFile.Read(File.TextAt("common", "configFilePath")!).TextAt("kind"));
    }
}
