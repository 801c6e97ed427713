namespace Realtime.Postgres.Replication;

/// <summary>Why changes of a database cannot be read now.</summary>
public enum ReplicationFault
{
    /// <summary>The database cannot be reached, or the connection broke.</summary>
    Connection,

    /// <summary><c>wal_level</c> is not <c>logical</c>.</summary>
    WalLevel,

    /// <summary>The login role may not replicate.</summary>
    ReplicationAttribute,

    /// <summary>All of <c>max_replication_slots</c> are taken.</summary>
    NoFreeSlot,

    /// <summary>All of <c>max_wal_senders</c> are taken.</summary>
    NoFreeWalSender,

    /// <summary>No publication exists of which anything could be read.</summary>
    NoPublication,

    /// <summary>Another reader holds the slot, or the slot belongs to something else.</summary>
    SlotInUse,

    /// <summary>The slot is gone, or the write-ahead log it needs was removed: changes are missing.</summary>
    SlotLost,
}

/// <summary>Changes cannot be read from a database; the message says exactly what is missing and how to give it.</summary>
public sealed class ReplicationUnavailableException(ReplicationFault fault, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The reason.</summary>
    public ReplicationFault Fault { get; } = fault;
}
