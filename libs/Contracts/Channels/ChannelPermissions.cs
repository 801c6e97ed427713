namespace Realtime.Contracts.Channels;

/// <summary>What row-level security can grant on a private topic.</summary>
[Flags]
public enum ChannelPermissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Receive broadcasts.</summary>
    ReadBroadcast = 1,

    /// <summary>See presence.</summary>
    ReadPresence = 2,

    /// <summary>Send broadcasts.</summary>
    WriteBroadcast = 4,

    /// <summary>Track presence.</summary>
    WritePresence = 8,
}
