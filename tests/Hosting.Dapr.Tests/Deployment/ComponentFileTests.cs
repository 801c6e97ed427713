using YamlDotNet.RepresentationModel;

namespace Realtime.Hosting.Dapr.Tests.Deployment;

public sealed class ComponentFileTests
{
    private static readonly YamlMappingNode PubSub = ComponentNamed(DaprNames.PubSub);
    private static readonly YamlMappingNode StateStore = ComponentNamed(DaprNames.StateStore);

    [Fact]
    public void The_components_are_those_that_the_code_uses() => Assert.Equal(
        [DaprNames.PubSub, DaprNames.StateStore],
        YamlFile.Components.Where(file => file.TextAt("kind") == "Component").Select(file => file.TextAt("metadata", "name")).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_file_is_of_a_kind_that_the_runtime_reads() => Assert.All(YamlFile.Components, file =>
    {
        Assert.Equal("dapr.io/v1alpha1", file.TextAt("apiVersion"));
        Assert.Matches("^(Component|Configuration|Resiliency)$", file.TextAt("kind"));
    });

    [Fact]
    public void Components_and_resiliency_are_for_all_services() => Assert.All(
        YamlFile.Components.Where(file => file.TextAt("kind") != "Configuration"),
        file => Assert.Equal(DaprNames.Apps.Order(StringComparer.Ordinal), file.TextsAt("scopes").Order(StringComparer.Ordinal)));

    [Fact]
    public void Events_are_delivered_one_after_the_other() => Assert.Equal("1", PubSub.Metadata()["concurrency"]);

    [Fact]
    public void All_services_read_in_one_group_that_survives_them() => Assert.Matches("^[a-z]+$", PubSub.Metadata()["consumerID"]);

    [Fact]
    public void What_an_inbox_keeps_is_bounded_and_outlasts_stale_envelopes()
    {
        var kept = TimeSpan.FromSeconds(int.Parse(PubSub.Metadata()["streamTTL"].TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture));

        Assert.InRange(kept, new DaprSettings().StaleAfter, TimeSpan.FromMinutes(1));
        Assert.DoesNotContain("maxLenApprox", PubSub.Metadata().Keys);
    }

    [Theory]
    [InlineData("processingTimeout")]
    [InlineData("redeliverInterval")]
    [InlineData("queueDepth")]
    [InlineData("poolSize")]
    public void Numbers_are_plain_because_others_are_silently_ignored(string name) => Assert.Matches("^[0-9]+$", PubSub.Metadata()[name]);

    [Fact]
    public void There_are_connections_beside_those_that_subscriptions_hold() =>
        Assert.True(int.Parse(PubSub.Metadata()["poolSize"], System.Globalization.CultureInfo.InvariantCulture) >= 21);

    [Fact]
    public void Services_see_the_same_records() => Assert.Equal("name", StateStore.Metadata()["keyPrefix"]);

    [Fact]
    public void Resiliency_names_only_what_exists()
    {
        var file = YamlFile.Components.Single(file => file.TextAt("kind") == "Resiliency");
        var timeouts = file.KeysAt("spec", "policies", "timeouts").ToList();
        var used = file.KeysAt("spec", "targets", "apps").Select(app => file.TextAt("spec", "targets", "apps", app, "timeout"))
            .Append(file.TextAt("spec", "targets", "components", DaprNames.PubSub, "inbound", "timeout"));

        Assert.Subset(DaprNames.Apps.ToHashSet(), file.KeysAt("spec", "targets", "apps").ToHashSet());
        Assert.Equal([DaprNames.PubSub], file.KeysAt("spec", "targets", "components"));
        Assert.All(used, timeout => Assert.Contains(timeout, timeouts));
    }

    private static YamlMappingNode ComponentNamed(string name) =>
        YamlFile.Components.Single(file => file.TextAt("kind") == "Component" && file.TextAt("metadata", "name") == name);
}
