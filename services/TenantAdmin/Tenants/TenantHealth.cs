using Realtime.Contracts.Nodes;
using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>How a tenant is (http-api.md 7.12).</summary>
/// <param name="IsHealthy">Its database is connected; or nobody needs it and its migrations are complete.</param>
/// <param name="Runtime">What is connected.</param>
/// <param name="ConnectedUsers">Sockets with a joined channel, cluster-wide.</param>
internal readonly record struct TenantHealth(bool IsHealthy, TenantRuntimeStatus Runtime, int ConnectedUsers);

/// <summary>Judges the health of tenants without a connection to their databases.</summary>
internal sealed class TenantHealthCheck(
    ITenantRuntime runtime, INodeDirectory nodes, TenantMigrationRuns migrations, TenantConfigReader reader, TimeProvider time)
{
    private static readonly TimeSpan StatusDeadline = TimeSpan.FromSeconds(15);

    /// <summary>Judges one tenant; starts its migrations in the background when they are behind and nobody is connected.</summary>
    public async ValueTask<TenantHealth> CheckAsync(StoredTenant stored, CancellationToken cancellationToken)
    {
        var users = nodes.CountUsers(new TenantId(stored.ExternalId));
        var status = await GetStatusAsync(stored, cancellationToken);
        if (status.DatabaseConnected)
        {
            return new TenantHealth(true, status, users);
        }

        var healthy = users == 0 && migrations.IsCurrent(stored);
        if (users == 0 && !healthy)
        {
            migrations.Start(stored);
        }

        return new TenantHealth(healthy, status, users);
    }

    private async ValueTask<TenantRuntimeStatus> GetStatusAsync(StoredTenant stored, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(StatusDeadline, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await runtime.GetStatusAsync(reader.Read(stored), limit.Token);
        }
        catch (Exception e) when (e is TenantUnreadableException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return default; // Nothing can be connected with settings that nobody can read; nothing is ready that does not answer.
        }
    }
}
