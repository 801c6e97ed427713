using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Configuration;
using Realtime.Hosting.Tenants;

namespace Realtime.Hosting.Tests.Tenants;

public sealed class TenantCatalogTests
{
    private static readonly TenantId Acme = new("acme");

    private readonly FakeTimeProvider _time = new();
    private readonly StoreOfTenants _store = new();
    private readonly TenantCatalog _catalog;

    public TenantCatalogTests()
    {
        _catalog = new TenantCatalog(_store, new TenantSettings(), _time);
        _store.Tenants[Acme] = new TenantConfig { Id = Acme, JwtSecret = "s3cr3t" };
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cached_tenant_is_found_synchronously_and_without_the_store()
    {
        var first = await _catalog.FindAsync(Acme, Cancelled);

        var second = _catalog.FindAsync(Acme, Cancelled);

        Assert.True(second.IsCompletedSuccessfully);
        Assert.Same(first, await second);
        Assert.Equal(1, _store.Questions);
    }

    [Fact]
    public async Task A_change_is_seen_after_the_expiration()
    {
        await _catalog.FindAsync(Acme, Cancelled);
        _store.Tenants[Acme] = _store.Tenants[Acme] with { Suspended = true };

        _time.Advance(TimeSpan.FromSeconds(29));
        var before = await _catalog.FindAsync(Acme, Cancelled);
        _time.Advance(TimeSpan.FromSeconds(1));
        var after = await _catalog.FindAsync(Acme, Cancelled);

        Assert.False(before!.Config.Suspended);
        Assert.True(after!.Config.Suspended);
    }

    [Fact]
    public async Task An_unchanged_tenant_keeps_its_model()
    {
        var before = await _catalog.FindAsync(Acme, Cancelled);
        _store.Tenants[Acme] = _store.Tenants[Acme] with { };

        _time.Advance(TimeSpan.FromSeconds(31));

        Assert.Same(before, await _catalog.FindAsync(Acme, Cancelled));
        Assert.Equal(2, _store.Questions);
    }

    [Fact]
    public async Task An_invalidated_tenant_is_asked_for_again()
    {
        await _catalog.FindAsync(Acme, Cancelled);
        _store.Tenants.Remove(Acme);

        _catalog.Invalidate(Acme);

        Assert.Null(await _catalog.FindAsync(Acme, Cancelled));
    }

    [Fact]
    public async Task An_answer_from_before_an_invalidation_is_not_kept()
    {
        _store.Hold();
        var old = _catalog.FindAsync(Acme, Cancelled).AsTask();
        await _store.WaitForQuestionAsync();

        _catalog.Invalidate(Acme);
        _store.Release();
        await old;
        _store.Tenants[Acme] = _store.Tenants[Acme] with { Suspended = true };

        Assert.True((await _catalog.FindAsync(Acme, Cancelled))!.Config.Suspended);
    }

    [Fact]
    public async Task Concurrent_lookups_share_one_question()
    {
        _store.Hold();

        var lookups = Enumerable.Range(0, 50).Select(_ => _catalog.FindAsync(Acme, Cancelled).AsTask()).ToArray();
        await _store.WaitForQuestionAsync();
        _store.Release();
        var found = await Task.WhenAll(lookups);

        Assert.All(found, Assert.NotNull);
        Assert.Equal(1, _store.Questions);
    }

    [Fact]
    public async Task Unknown_tenants_are_asked_for_each_time_and_leave_nothing_behind()
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.Null(await _catalog.FindAsync(new TenantId($"nobody-{i % 10}"), Cancelled));
        }

        Assert.Equal(0, _catalog.Count);
        Assert.Equal(1000, _store.Questions);
    }

    [Fact]
    public async Task A_caller_that_gives_up_does_not_end_the_lookup_of_the_others()
    {
        _store.Hold();
        using var impatience = new CancellationTokenSource();
        var impatient = _catalog.FindAsync(Acme, impatience.Token).AsTask();
        var patient = _catalog.FindAsync(Acme, Cancelled).AsTask();

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        _store.Release();

        Assert.NotNull(await patient);
    }

    [Fact]
    public async Task Without_a_copy_a_failing_store_fails_the_lookup()
    {
        _store.Fails = true;

        await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => _catalog.FindAsync(Acme, Cancelled).AsTask());
    }

    [Fact]
    public async Task A_store_that_does_not_answer_fails_the_lookup_at_the_deadline()
    {
        _store.Hold();
        var lookup = _catalog.FindAsync(Acme, Cancelled).AsTask();
        await _store.WaitForQuestionAsync();

        _time.Advance(TenantCatalog.LookupDeadline);

        var failure = await Assert.ThrowsAsync<TenantStoreUnavailableException>(() => lookup);
        Assert.IsType<TimeoutException>(failure.InnerException);
    }

    [Fact]
    public async Task An_expired_copy_is_served_while_the_store_fails_and_replaced_when_it_answers()
    {
        var first = await _catalog.FindAsync(Acme, Cancelled);
        _store.Fails = true;
        _time.Advance(TimeSpan.FromSeconds(31));

        var stale = await _catalog.FindAsync(Acme, Cancelled);
        var again = _catalog.FindAsync(Acme, Cancelled);

        Assert.Same(first, stale);
        Assert.True(again.IsCompletedSuccessfully);
        Assert.Equal(2, _store.Questions);

        _store.Fails = false;
        _store.Tenants[Acme] = _store.Tenants[Acme] with { Suspended = true };
        _time.Advance(TenantCatalog.RetryInterval);
        Assert.False((await _catalog.FindAsync(Acme, Cancelled))!.Config.Suspended);
        while (!(await _catalog.FindAsync(Acme, Cancelled))!.Config.Suspended)
        {
            await Task.Delay(5, Cancelled);
        }
    }

    [Fact]
    public async Task Tenants_nobody_asks_for_are_forgotten()
    {
        await _catalog.FindAsync(Acme, Cancelled);
        _store.Tenants[new TenantId("globex")] = new TenantConfig { Id = new TenantId("globex") };

        _time.Advance(TimeSpan.FromHours(2));
        await _catalog.FindAsync(new TenantId("globex"), Cancelled);

        Assert.Equal(1, _catalog.Count);
    }

    /// <summary>A store in memory that can be slow or broken.</summary>
    private sealed class StoreOfTenants : ITenantStore
    {
        private readonly Channel<TenantId> _asked = Channel.CreateUnbounded<TenantId>();
        private TaskCompletionSource? _held;
        private int _questions;

        public Dictionary<TenantId, TenantConfig> Tenants { get; } = [];

        public bool Fails { get; set; }

        public int Questions => Volatile.Read(ref _questions);

        public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release()
        {
            _held?.SetResult();
            _held = null;
        }

        public async Task WaitForQuestionAsync() => await _asked.Reader.ReadAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Cancelled);

        public async ValueTask<TenantConfig?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _questions);
            var found = Tenants.GetValueOrDefault(tenant);
            var held = _held;
            _asked.Writer.TryWrite(tenant);
            if (held is not null)
            {
                await held.Task; // ignores its token, as a hanging connection would
            }

            return Fails ? throw new TenantStoreUnavailableException(tenant, new IOException("The store is down.")) : found;
        }
    }
}
