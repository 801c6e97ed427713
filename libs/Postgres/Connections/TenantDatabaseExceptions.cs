using Realtime.Contracts.Tenants;

namespace Realtime.Postgres.Connections;

/// <summary>The first connection, or the set-up of the schema, has begun and takes longer than the caller waits (tenant-database.md 10.2).</summary>
public sealed class TenantDatabaseInitializingException(TenantId tenant)
    : TenantDatabaseUnavailableException(tenant, "the connection is still being set up.");

/// <summary>The database has no connection left for this server.</summary>
public sealed class TooManyTenantConnectionsException(TenantId tenant, string cause, Exception? innerException = null)
    : TenantDatabaseUnavailableException(tenant, cause, innerException);

/// <summary>Connecting failed so often in the last seconds that it was not tried again.</summary>
public sealed class TenantConnectRateLimitedException(TenantId tenant)
    : TenantDatabaseUnavailableException(tenant, "too many connection attempts have failed.");

/// <summary>All pooled connections stayed in use for longer than a caller waits.</summary>
public sealed class TenantPoolExhaustedException(TenantId tenant)
    : TenantDatabaseUnavailableException(tenant, "no pooled connection became free in time.");
