using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Limits;

namespace Realtime.Hosting.Tests.Limits;

public sealed class TenantRateBookTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly TenantRateBook _book;

    public TenantRateBookTests() => _book = new TenantRateBook(_time);

    [Fact]
    public void For_returns_the_live_rates_of_each_tenant()
    {
        var acme = _book.For(Tenant("acme"));

        Assert.Same(acme, _book.For(Tenant("acme")));
        Assert.NotSame(acme, _book.For(Tenant("globex")));
        Assert.Equal((100, 50, 1000, 100), (acme.Events.PerSecond, acme.Joins.PerSecond, acme.PresenceEvents.PerSecond, acme.DatabaseEvents.PerSecond));
    }

    [Fact]
    public void A_changed_limit_restarts_only_its_own_limiters()
    {
        var before = _book.For(Tenant("acme"));
        before.Events.Add(1000);
        before.Joins.Add(500);

        var after = _book.For(Tenant("acme", events: 200));

        Assert.False(after.Events.IsExceeded);
        Assert.Equal(200, after.Events.PerSecond);
        Assert.Equal(200, after.DatabaseEvents.PerSecond);
        Assert.Same(before.Joins, after.Joins);
        Assert.Same(before.HttpRequests, after.HttpRequests);
    }

    [Fact]
    public void Reset_restarts_the_named_counters()
    {
        var before = _book.For(Tenant("acme"));

        _book.Reset(new TenantId("acme"), TenantChanges.ResetJoinCounters | TenantChanges.Disconnect);
        _book.Reset(new TenantId("nobody"), TenantChanges.ResetJoinCounters);

        var after = _book.For(Tenant("acme"));
        Assert.NotSame(before.Joins, after.Joins);
        Assert.Same(before.Events, after.Events);
        Assert.Same(before.PresenceEvents, after.PresenceEvents);
    }

    [Fact]
    public void Rates_that_nobody_used_for_five_minutes_start_afresh()
    {
        var before = _book.For(Tenant("acme"));

        _time.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));

        Assert.NotSame(before, _book.For(Tenant("acme")));
    }

    [Fact]
    public void Use_keeps_rates_alive()
    {
        var before = _book.For(Tenant("acme"));

        for (var minute = 0; minute < 20; minute++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));

            Assert.Same(before, _book.For(Tenant("acme")));
        }
    }

    [Fact]
    public void Idle_tenants_are_forgotten_by_the_calls_of_others()
    {
        for (var i = 0; i < 1000; i++)
        {
            _book.For(Tenant($"tenant-{i}"));
        }

        _time.Advance(TimeSpan.FromMinutes(6));
        _book.For(Tenant("acme"));

        Assert.Equal(1, _book.Count);
    }

    private static TenantConfig Tenant(string name, int events = 100) => new()
    {
        Id = new TenantId(name),
        Limits = new TenantLimits { MaxEventsPerSecond = events, MaxJoinsPerSecond = 50 },
    };
}
