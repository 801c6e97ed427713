namespace Realtime.Contracts.Tenants;

/// <summary>What a change of a tenant's settings sets off on every node (http-api.md 7.13).</summary>
[Flags]
public enum TenantChanges
{
    /// <summary>Only the cached copy is stale.</summary>
    None = 0,

    /// <summary>Every channel gets the system message "Server requested disconnect", every socket is closed with 1012.</summary>
    Disconnect = 1,

    /// <summary>Database connections and change feeds of the tenant stop; they start again on demand.</summary>
    RestartDatabase = 2,

    /// <summary>The counters of events and database events start anew.</summary>
    ResetEventCounters = 4,

    /// <summary>The counter of joins starts anew.</summary>
    ResetJoinCounters = 8,

    /// <summary>The counter of presence events starts anew.</summary>
    ResetPresenceCounters = 16,

    /// <summary>The counters of database errors start anew.</summary>
    ResetErrorCounters = 32,
}
