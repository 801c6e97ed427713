using Realtime.Contracts.Tenants;
namespace Realtime.Standalone;
internal sealed class NoTenantMigrations : ITenantMigrations { public int Count => 0; public ValueTask<int> RunAsync(TenantConfig tenant, CancellationToken cancellationToken) => ValueTask.FromResult(0); }
