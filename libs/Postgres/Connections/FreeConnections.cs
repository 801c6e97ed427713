using System.Globalization;
using Npgsql;
using Realtime.Contracts.Tenants;

namespace Realtime.Postgres.Connections;

/// <summary>Whether a database has room for this server's connections (tenant-database.md 10.3).</summary>
internal static class FreeConnections
{
    // Every purpose of the reference server but the general pool: subscription manager, its inserts, health check, janitor,
    // migrations (2), broadcast changes, change reader, slot teardown.
    private const int OtherPools = 9;

    private const string CountFree = """
        select current_setting('max_connections')::integer - count(*)::integer
        from pg_catalog.pg_stat_activity
        where application_name is distinct from 'realtime_connect' and application_name is distinct from 'realtime_connect_probe'
        """;

    /// <summary>95 % of the sum of all pools, rounded up.</summary>
    public static int Needed(TenantDatabase database) => (int)Math.Ceiling(0.95m * (OtherPools + Math.Max(1L, database.PoolSize)));

    /// <exception cref="TooManyTenantConnectionsException">There are not more free connections than needed.</exception>
    public static async Task EnsureAsync(
        TenantId tenant, TenantDatabase database, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(CountFree, connection);
        var free = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
        var needed = Needed(database);
        if (needed >= free)
        {
            throw new TooManyTenantConnectionsException(tenant, string.Create(CultureInfo.InvariantCulture,
                $"Only {free} available connections. At least {needed} connections are required."));
        }
    }
}
