namespace Realtime.Postgres.Connections;

/// <summary>What a connection to a tenant's database is for: decides its application name and its pool (tenant-database.md 10.4).</summary>
public enum TenantConnectionPurpose
{
    /// <summary><c>realtime_connect</c>, <c>db_pool</c> connections: authorization, replay.</summary>
    General,

    /// <summary><c>realtime_connect_probe</c>, one: whether the database has room for the others.</summary>
    Probe,

    /// <summary><c>realtime_migrations</c>, two.</summary>
    Migrations,

    /// <summary><c>realtime_janitor</c>, one: partitions.</summary>
    Maintenance,

    /// <summary><c>realtime_subscription_manager_pub</c>, <c>subcriber_pool_size</c> connections: checks of change subscriptions.</summary>
    Subscriptions,
}
