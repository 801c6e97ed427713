using Realtime.Contracts.Channels;

namespace Realtime.Socket.Channels;

/// <summary>What a channel may do, as far as it was asked (protocol.md section 12). Replaced whole by a new token.</summary>
/// <param name="Evaluated">Permissions that were decided.</param>
/// <param name="Granted">Permissions it has.</param>
internal sealed record ChannelAccess(ChannelPermissions Evaluated, ChannelPermissions Granted)
{
    private const ChannelPermissions All =
        ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence | ChannelPermissions.WriteBroadcast | ChannelPermissions.WritePresence;

    /// <summary>Both kinds of reading.</summary>
    public const ChannelPermissions Reading = ChannelPermissions.ReadBroadcast | ChannelPermissions.ReadPresence;

    /// <summary>Both kinds of writing; decided together, at the first message that needs one.</summary>
    public const ChannelPermissions Writing = ChannelPermissions.WriteBroadcast | ChannelPermissions.WritePresence;

    /// <summary>A public channel may do everything and nobody is asked.</summary>
    public static readonly ChannelAccess Public = new(All, All);

    /// <summary>Whether a permission was granted.</summary>
    public bool Has(ChannelPermissions permission) => (Granted & permission) == permission;

    /// <summary>Whether permissions were decided, whatever the answer was.</summary>
    public bool Knows(ChannelPermissions permissions) => (Evaluated & permissions) == permissions;

    /// <summary>With what another question answered.</summary>
    public ChannelAccess With(ChannelPermissions asked, ChannelPermissions granted) =>
        new(Evaluated | asked, (Granted & ~asked) | (granted & asked));
}
