using System.Collections.Immutable;

namespace Realtime.Postgres.Replication;

/// <summary>What to read and through which slot.</summary>
/// <param name="ConnectionString">Of the database; its password never gets into a message.</param>
/// <param name="SlotName">Lower-case letters, digits and underscores, at most 63.</param>
/// <param name="Durable">Whether the slot stays when the connection ends.</param>
/// <param name="Publications">Existing publications; changes of all of them come in one stream.</param>
/// <param name="MaxRetainedWalBytes">A durable slot that holds back more than this is given up. Null for no bound but the server's own.</param>
public sealed record WalReaderOptions(
    string ConnectionString, string SlotName, bool Durable, ImmutableArray<string> Publications, long? MaxRetainedWalBytes)
{
    /// <summary>How often the server is told how far we are. It gives up after <c>wal_sender_timeout</c>, 60 s by default.</summary>
    public TimeSpan StatusInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest wait for a new slot, which has to wait for the end of all running transactions.</summary>
    public TimeSpan SlotTimeout { get; init; } = TimeSpan.FromMinutes(4);

    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append("SlotName = ").Append(SlotName).Append(", Durable = ").Append(Durable);
        return true;
    }
}
