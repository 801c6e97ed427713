using Npgsql;
using Npgsql.Replication;
using Npgsql.Replication.Internal;
using Npgsql.Replication.PgOutput;
using NpgsqlTypes;

namespace Realtime.Postgres.Replication;

/// <summary>The changes of a database as messages of the plugin <c>pgoutput</c>, in commit order, from one WAL sender.</summary>
/// <remarks>
/// <para>
/// The messages are read as bytes, not through Npgsql's decoder: values stay where they are until somebody wants them, and a batch of them
/// is one copy. Npgsql keeps the connection, and the status updates to the server go on while the reader waits or works.
/// </para>
/// <para>For one reader; only <see cref="Confirm"/> and <see cref="LastReceived"/> may be used beside it.</para>
/// </remarks>
public sealed class WalReader : IAsyncDisposable
{
    private readonly LogicalReplicationConnection _connection;
    private readonly IAsyncEnumerator<XLogDataMessage> _messages;
    private readonly CancellationTokenSource _stop;
    private ulong _confirmed;

    private WalReader(LogicalReplicationConnection connection, IAsyncEnumerator<XLogDataMessage> messages, CancellationTokenSource stop, bool resumed)
    {
        (_connection, _messages, _stop, Resumed) = (connection, messages, stop, resumed);
    }

    /// <summary>Whether a durable slot of an earlier stream is continued.</summary>
    public bool Resumed { get; }

    /// <summary>Everything up to here was received, apart from a transaction of which only a part was.</summary>
    public ulong LastReceived => (ulong)_connection.LastReceivedLsn;

    /// <summary>Length of the current message, in bytes.</summary>
    public int MessageLength { get; private set; }

    /// <summary>Connects, finds or makes the slot and starts reading.</summary>
    /// <exception cref="ReplicationUnavailableException">Says what is missing.</exception>
    public static async Task<WalReader> OpenAsync(WalReaderOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var slots = new ReplicationSlots(options);
        var resumed = await slots.PrepareAsync(cancellationToken);
        var connection = new LogicalReplicationConnection(ReplicationConnectionString(options))
        {
            WalReceiverStatusInterval = options.StatusInterval,
        };
        var stop = new CancellationTokenSource();
        try
        {
            await connection.Open(cancellationToken);
            var slot = resumed
                ? new PgOutputReplicationSlot(options.SlotName)
                : await connection.CreatePgOutputReplicationSlot(
                    options.SlotName, temporarySlot: !options.Durable, LogicalSlotSnapshotInitMode.NoExport, false, cancellationToken);
            var messages = connection
                .StartLogicalReplication(slot, stop.Token, default(NpgsqlLogSequenceNumber), PluginOptions(options))
                .GetAsyncEnumerator(CancellationToken.None);
            return new WalReader(connection, messages, stop, resumed);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException)
        {
            await connection.DisposeAsync();
            stop.Dispose();
            throw await slots.ExplainAsync(e, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync();
            stop.Dispose();
            throw;
        }
    }

    /// <summary>Drops a durable slot if it exists and nobody reads it.</summary>
    public static Task DropSlotAsync(WalReaderOptions options, CancellationToken cancellationToken) =>
        new ReplicationSlots(options).DropAsync(cancellationToken);

    /// <summary>Moves to the next message; completes at once while received bytes are left.</summary>
    /// <returns>False when the server ended the stream.</returns>
    /// <exception cref="ReplicationUnavailableException">The connection broke or the slot was lost.</exception>
    public async ValueTask<bool> MoveNextAsync()
    {
        try
        {
            if (!await _messages.MoveNextAsync())
            {
                return false;
            }

            MessageLength = checked((int)_messages.Current.Data.Length);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or IOException or ObjectDisposedException or TimeoutException)
        {
            throw ReplicationSlots.Broken(e);
        }
    }

    /// <summary>Copies the current message; <paramref name="target"/> has exactly <see cref="MessageLength"/> bytes.</summary>
    public async ValueTask ReadMessageAsync(Memory<byte> target)
    {
        try
        {
            await _messages.Current.Data.ReadExactlyAsync(target);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or ObjectDisposedException or TimeoutException)
        {
            throw ReplicationSlots.Broken(e);
        }
    }

    /// <summary>Everything up to <paramref name="lsn"/> is dealt with: the server may forget it. Sent with the next status update; never goes back.</summary>
    public void Confirm(ulong lsn)
    {
        if (lsn > Volatile.Read(ref _confirmed))
        {
            Volatile.Write(ref _confirmed, lsn);
            _connection.SetReplicationStatus(new NpgsqlLogSequenceNumber(lsn));
        }
    }

    /// <summary>Sends what was confirmed now, so that a durable slot does not repeat it; gives up quietly when the connection is gone.</summary>
    public async Task SendConfirmationAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _connection.SendStatusUpdate(cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException or OperationCanceledException)
        {
            // The slot then repeats what was not confirmed.
        }
    }

    /// <summary>Ends the stream from outside of its reader, whose wait then ends with an <see cref="OperationCanceledException"/>.</summary>
    public void Stop() => _stop.Cancel();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _messages.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or IOException or OperationCanceledException or ObjectDisposedException or NotSupportedException)
        {
            // The connection is closed below in any case.
        }

        try
        {
            await _connection.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It was broken before.
        }

        _stop.Dispose();
    }

    private static IEnumerable<KeyValuePair<string, string?>> PluginOptions(WalReaderOptions options)
    {
        // Names are identifiers within a string literal: both kinds of quotes are doubled.
        var names = string.Join(',', options.Publications.Select(p => $"\"{p.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
        return
        [
            new("proto_version", "1"),
            new("publication_names", names.Replace("'", "''", StringComparison.Ordinal)),
        ];
    }

    private static string ReplicationConnectionString(WalReaderOptions options) => new NpgsqlConnectionStringBuilder(options.ConnectionString)
    {
        ApplicationName = "realtime_replication_connection",
        Pooling = false,
        Multiplexing = false,
        Timeout = (int)options.ConnectTimeout.TotalSeconds,
        CommandTimeout = (int)options.SlotTimeout.TotalSeconds,
        KeepAlive = 0,
        ReadBufferSize = 65_536,

        // The text form of values depends on these; roles and databases may set others.
        Timezone = "UTC",
        Options = "-c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1 -c statement_timeout=0",
    }.ConnectionString;
}
