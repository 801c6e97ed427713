using Microsoft.Extensions.Configuration;

namespace Realtime.Hosting.Configuration;

/// <summary>All settings of a process, read once at start under the names of the reference server.</summary>
public sealed record RealtimeSettings(
    NodeSettings Node,
    ControlDatabaseSettings ControlDatabase,
    TokenSettings Tokens,
    TenantSettings Tenants,
    SocketSettings Socket)
{
    /// <summary>Reads and checks everything.</summary>
    /// <exception cref="InvalidConfigurationException">Lists every mistake.</exception>
    public static RealtimeSettings Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        var settings = new RealtimeSettings(
            NodeSettings.Read(reader),
            ControlDatabaseSettings.Read(reader),
            TokenSettings.Read(reader),
            TenantSettings.Read(reader),
            SocketSettings.Read(reader));
        reader.ThrowIfInvalid();
        return settings;
    }
}
