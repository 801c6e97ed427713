using Realtime.Contracts.Tenants;

namespace Realtime.Hosting.Dapr.Invocation;

/// <summary>Asks the tenant administration.</summary>
internal sealed class DaprTenantStore(DaprSettings settings, TimeProvider time) : ITenantStore, IDisposable
{
    // A little less than the catalog waits, so that the reason is told.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(4);

    private readonly InvokedApp _app = new(DaprNames.TenantAdminApp, settings, time);

    /// <inheritdoc/>
    public async ValueTask<TenantConfig?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        // In the query: a client may name a tenant "..", and that must not become another path.
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{InternalRoutes.Tenants}?id={Uri.EscapeDataString(tenant.Value)}");
        try
        {
            return await _app.SendAsync(request, InternalJson.Default.TenantConfig, Deadline, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new TenantStoreUnavailableException(tenant, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _app.Dispose();
}
