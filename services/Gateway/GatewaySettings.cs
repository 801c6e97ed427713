using Realtime.Hosting.Configuration;

namespace Realtime.Gateway;

/// <summary>Where the services are. A host name that has several addresses stands for as many instances.</summary>
public sealed record GatewaySettings
{
    /// <summary><c>SOCKET_ADDRESSES</c>: URLs of the socket services, between commas.</summary>
    public required IReadOnlyList<Uri> Sockets { get; init; }

    /// <summary><c>BROADCAST_ADDRESSES</c>: URLs of the broadcast services.</summary>
    public required IReadOnlyList<Uri> Broadcasts { get; init; }

    /// <summary><c>TENANT_ADMIN_ADDRESSES</c>: URLs of the tenant administration.</summary>
    public required IReadOnlyList<Uri> TenantAdmins { get; init; }

    /// <summary>Reads the environment; mistakes go to the reader.</summary>
    public static GatewaySettings Read(SettingsReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new GatewaySettings
        {
            Sockets = Addresses(reader, "SOCKET_ADDRESSES", "http://127.0.0.1:4001"),
            Broadcasts = Addresses(reader, "BROADCAST_ADDRESSES", "http://127.0.0.1:4002"),
            TenantAdmins = Addresses(reader, "TENANT_ADMIN_ADDRESSES", "http://127.0.0.1:4003"),
        };
    }

    private static List<Uri> Addresses(SettingsReader reader, string name, string fallback)
    {
        var addresses = new List<Uri>();
        foreach (var text in reader.List(name) is { Count: > 0 } given ? given : [fallback])
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            {
                addresses.Add(address);
            }
            else
            {
                reader.AddError($"env {name} expected URLs such as {fallback} between commas, got \"{text}\"");
            }
        }

        return addresses;
    }
}
