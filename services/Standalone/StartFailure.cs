using Realtime.Hosting.Configuration;
using Realtime.TenantAdmin.ControlDatabase;
using Realtime.TenantAdmin.Encryption;

namespace Realtime.Standalone;

/// <summary>Tells failures that an operator can mend, and whose message says how, from faults of the program.</summary>
internal static class StartFailure
{
    /// <summary>Whether the message alone is to be shown, without a stack trace.</summary>
    public static bool IsForOperator(Exception exception) => exception
        is InvalidConfigurationException
        or ControlDatabaseUnavailableException
        or SecretUnreadableException
        or Microsoft.AspNetCore.Connections.AddressInUseException
        || (exception is IOException && exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException);
}
