using Realtime.Contracts.Tenants;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>The tenants as the control database has them. A load may set off a re-encryption in the background.</summary>
internal sealed partial class ControlTenantStore(
    ControlConnections connections, TenantConfigReader reader, SecretBackfill backfill, ILogger<ControlTenantStore> logger) : ITenantStore
{
    /// <inheritdoc/>
    public async ValueTask<TenantConfig?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (!StorableJson.IsStorable(tenant.Value))
        {
            return null; // PostgreSQL would refuse to compare it
        }

        try
        {
            StoredTenant? stored;
            await using (var connection = await connections.OpenAsync(cancellationToken))
            {
                stored = await TenantRows.FindAsync(connection, tenant.Value, cancellationToken);
            }

            if (stored is null)
            {
                return null;
            }

            var config = reader.Read(stored);
            backfill.Consider(stored);
            return config;
        }
        catch (TenantUnreadableException e)
        {
            Log.Unreadable(logger, tenant, e.Message);
            throw new TenantStoreUnavailableException(tenant, e);
        }
        catch (Exception e) when (ControlDatabaseFailure.IsFailure(e))
        {
            throw new TenantStoreUnavailableException(tenant, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Tenant {Tenant} cannot be served. {Reason}")]
        public static partial void Unreadable(ILogger logger, TenantId tenant, string reason);
    }
}
