using Realtime.Contracts.Tenants;

namespace Realtime.TenantAdmin.Tenants;

/// <summary>What is stored of one tenant cannot be decrypted or understood. The message says what to mend and is free of secrets.</summary>
internal sealed class TenantUnreadableException(TenantId tenant, string reason, Exception? innerException = null)
    : Exception($"The stored settings of tenant '{tenant}' cannot be used: {reason}", innerException);
