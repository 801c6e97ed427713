namespace Realtime.Contracts.Tenants;

/// <summary>Public name of a tenant (<c>tenants.external_id</c>), also the first label of the host its clients connect to.</summary>
public readonly record struct TenantId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}
