using System.Collections.Concurrent;
using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.Limits;

/// <summary>The rates of all tenants that are active on this node.</summary>
/// <remarks>
/// Thread-safe. A tenant that was not asked for during <see cref="IdleTime"/> is forgotten and starts afresh; the sweep that does
/// this rides on other tenants' calls, so an idle node keeps at most what it had.
/// </remarks>
public sealed class TenantRateBook(TimeProvider time)
{
    /// <summary>How long the rates of a tenant outlive their last use.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TenantId, Entry> _entries = new();
    private readonly long _idle = (long)(IdleTime.TotalSeconds * time.TimestampFrequency);
    private readonly long _sweepInterval = (long)(SweepInterval.TotalSeconds * time.TimestampFrequency);
    private long _lastSweep = time.GetTimestamp();

    /// <summary>Number of tenants whose rates are held.</summary>
    public int Count => _entries.Count;

    /// <summary>The live rates; a limiter whose limit is no longer the configured one restarts with the new limit.</summary>
    public TenantRates For(TenantConfig tenant)
    {
        ArgumentNullException.ThrowIfNull(tenant);
        var now = time.GetTimestamp();
        SweepWhenDue(now);
        if (!_entries.TryGetValue(tenant.Id, out var entry) || entry.IdleSince(now) > _idle)
        {
            entry = Restart(tenant, entry, now);
        }

        entry.Touch(now);
        return entry.RatesFor(tenant.Limits, time);
    }

    /// <summary>Starts the counters anew that a change of settings names; other tenants and counters keep theirs.</summary>
    public void Reset(TenantId tenant, TenantChanges changes)
    {
        const TenantChanges Counters =
            TenantChanges.ResetEventCounters | TenantChanges.ResetJoinCounters | TenantChanges.ResetPresenceCounters;
        if ((changes & Counters) != 0 && _entries.TryGetValue(tenant, out var entry))
        {
            entry.Reset(changes, time);
        }
    }

    private Entry Restart(TenantConfig tenant, Entry? idle, long now)
    {
        var entry = new Entry(NewRates(tenant.Limits), now);
        if (idle is not null)
        {
            return _entries.TryUpdate(tenant.Id, entry, idle) ? entry : _entries.GetOrAdd(tenant.Id, entry);
        }

        return _entries.GetOrAdd(tenant.Id, entry);
    }

    private TenantRates NewRates(TenantLimits limits) => new()
    {
        Events = new RateLimit(limits.MaxEventsPerSecond, time),
        Joins = new RateLimit(limits.MaxJoinsPerSecond, time),
        PresenceEvents = new RateLimit(limits.MaxPresenceEventsPerSecond, time),
        DatabaseEvents = new RateLimit(limits.MaxEventsPerSecond, time),
        HttpRequests = new RollingRate(time),
    };

    private void SweepWhenDue(long now)
    {
        var last = Volatile.Read(ref _lastSweep);
        if (now - last < _sweepInterval || Interlocked.CompareExchange(ref _lastSweep, now, last) != last)
        {
            return;
        }

        foreach (var pair in _entries)
        {
            if (pair.Value.IdleSince(now) > _idle)
            {
                _entries.TryRemove(pair);
            }
        }
    }

    private sealed class Entry(TenantRates rates, long now)
    {
        private TenantRates _rates = rates;
        private long _lastUse = now;

        public long IdleSince(long now) => now - Volatile.Read(ref _lastUse);

        public void Touch(long now) => Volatile.Write(ref _lastUse, now);

        public TenantRates RatesFor(TenantLimits limits, TimeProvider time)
        {
            while (true)
            {
                var rates = Volatile.Read(ref _rates);
                if (rates.Events.PerSecond == limits.MaxEventsPerSecond
                    && rates.DatabaseEvents.PerSecond == limits.MaxEventsPerSecond
                    && rates.Joins.PerSecond == limits.MaxJoinsPerSecond
                    && rates.PresenceEvents.PerSecond == limits.MaxPresenceEventsPerSecond)
                {
                    return rates;
                }

                var changed = rates with
                {
                    Events = WithLimit(rates.Events, limits.MaxEventsPerSecond, time),
                    DatabaseEvents = WithLimit(rates.DatabaseEvents, limits.MaxEventsPerSecond, time),
                    Joins = WithLimit(rates.Joins, limits.MaxJoinsPerSecond, time),
                    PresenceEvents = WithLimit(rates.PresenceEvents, limits.MaxPresenceEventsPerSecond, time),
                };
                Interlocked.CompareExchange(ref _rates, changed, rates);
            }
        }

        public void Reset(TenantChanges changes, TimeProvider time)
        {
            TenantRates rates;
            TenantRates reset;
            do
            {
                rates = Volatile.Read(ref _rates);
                reset = rates with
                {
                    Events = Renewed(rates.Events, TenantChanges.ResetEventCounters),
                    DatabaseEvents = Renewed(rates.DatabaseEvents, TenantChanges.ResetEventCounters),
                    Joins = Renewed(rates.Joins, TenantChanges.ResetJoinCounters),
                    PresenceEvents = Renewed(rates.PresenceEvents, TenantChanges.ResetPresenceCounters),
                };
            }
            while (Interlocked.CompareExchange(ref _rates, reset, rates) != rates);

            RateLimit Renewed(RateLimit limit, TenantChanges change) =>
                changes.HasFlag(change) ? new RateLimit(limit.PerSecond, time) : limit;
        }

        private static RateLimit WithLimit(RateLimit limit, int perSecond, TimeProvider time) =>
            limit.PerSecond == perSecond ? limit : new RateLimit(perSecond, time);
    }
}
