using Realtime.TenantAdmin.FeatureFlags;

namespace Realtime.TenantAdmin.Tests.FeatureFlags;

public sealed class FeatureFlagTests
{
    [Theory]
    [InlineData(true, 0, null, false)]
    [InlineData(true, 100, null, true)]
    [InlineData(false, 100, null, false)]
    [InlineData(false, 0, true, true)]
    [InlineData(true, 100, false, false)]
    public void Override_beats_switch_and_percentage(bool enabled, int percentage, bool? tenantOverride, bool expected)
    {
        var flag = new FeatureFlag("f", enabled, percentage, null);

        Assert.Equal(expected, flag.IsOnFor("acme", tenantOverride));
    }

    [Fact]
    public void Rollout_only_adds_tenants_and_is_spread_evenly()
    {
        var tenants = Enumerable.Range(0, 2000).Select(i => $"tenant-{i}").ToList();

        var ten = tenants.Where(t => new FeatureFlag("f", true, 10, null).IsOnFor(t, null)).ToHashSet();
        var half = tenants.Where(t => new FeatureFlag("f", true, 50, null).IsOnFor(t, null)).ToHashSet();

        Assert.Subset(half, ten);
        Assert.InRange(ten.Count, 120, 280);
        Assert.InRange(half.Count, 880, 1120);
    }

    [Fact]
    public void Flags_with_one_bucket_key_roll_out_to_the_same_tenants()
    {
        var tenants = Enumerable.Range(0, 500).Select(i => $"tenant-{i}").ToList();

        var first = tenants.Where(t => new FeatureFlag("a", true, 30, "cohort").IsOnFor(t, null));
        var second = tenants.Where(t => new FeatureFlag("b", true, 30, "cohort").IsOnFor(t, null));

        Assert.Equal(first, second);
    }
}
