using Npgsql;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tests;

/// <summary>Migrations that only connect: they work and fail as the tenant's database does.</summary>
internal sealed class ProbingMigrations : ITenantMigrations
{
    private int _runs;

    public int Count => 7;

    public int Runs => Volatile.Read(ref _runs);

    public async ValueTask<int> RunAsync(TenantConfig tenant, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _runs);
        var database = tenant.Database!;
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = database.Host, Port = database.Port, Database = database.Name, Username = database.User, Password = database.Password,
            Pooling = false, Timeout = 5,
        }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return Count;
    }
}
