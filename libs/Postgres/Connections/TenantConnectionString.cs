using Npgsql;
using Realtime.Contracts.Tenants;

namespace Realtime.Postgres.Connections;

/// <summary>How connections to a tenant's database are made (tenant-database.md 10.4).</summary>
internal static class TenantConnectionString
{
    private const int ConnectTimeoutSeconds = 5;
    private const int CommandTimeoutSeconds = 15;
    private const int MaxPoolSize = 500;

    public static int PoolSize(TenantDatabase database, TenantConnectionPurpose purpose) => purpose switch
    {
        TenantConnectionPurpose.General => Math.Clamp(database.PoolSize, 1, MaxPoolSize),
        TenantConnectionPurpose.Subscriptions => Math.Clamp(database.SubscriberPoolSize, 1, MaxPoolSize),
        TenantConnectionPurpose.Migrations => 2,
        _ => 1,
    };

    public static NpgsqlDataSource CreateDataSource(TenantDatabase database, TenantConnectionPurpose purpose) =>
        new NpgsqlDataSourceBuilder(Create(database, purpose).ConnectionString)
            .ConfigureTypeLoading(static types => types.EnableTypeLoading(false)) // built-in types do; saves a query per connection pool
            .Build();

    private static NpgsqlConnectionStringBuilder Create(TenantDatabase database, TenantConnectionPurpose purpose) => new()
    {
        Host = database.Host,
        Port = database.Port,
        Database = database.Name,
        Username = database.User,
        Password = database.Password,
        ApplicationName = ApplicationName(purpose),
        SslMode = database.SslEnforced ? SslMode.Require : SslMode.Disable, // Require encrypts and verifies nothing
        GssEncryptionMode = GssEncryptionMode.Disable,
        Timezone = "UTC",
        Timeout = ConnectTimeoutSeconds,
        CommandTimeout = CommandTimeoutSeconds,
        MinPoolSize = 0,
        MaxPoolSize = PoolSize(database, purpose),
        ConnectionIdleLifetime = IdleSeconds(purpose),
        ConnectionPruningInterval = 10,
        KeepAlive = 30,
        PersistSecurityInfo = false,
    };

    // What is used in passing does not keep a connection of the customer's database.
    private static int IdleSeconds(TenantConnectionPurpose purpose) =>
        purpose is TenantConnectionPurpose.General or TenantConnectionPurpose.Subscriptions ? (int)TenantDataSources.IdleTime.TotalSeconds : 10;

    private static string ApplicationName(TenantConnectionPurpose purpose) => purpose switch
    {
        TenantConnectionPurpose.General => "realtime_connect",
        TenantConnectionPurpose.Probe => "realtime_connect_probe",
        TenantConnectionPurpose.Migrations => "realtime_migrations",
        TenantConnectionPurpose.Maintenance => "realtime_janitor",
        TenantConnectionPurpose.Subscriptions => "realtime_subscription_manager_pub",
        _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, null),
    };
}
