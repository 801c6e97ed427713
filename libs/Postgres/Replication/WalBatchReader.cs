using System.Threading.Channels;

namespace Realtime.Postgres.Replication;

/// <summary>Reads a <see cref="WalReader"/> into batches, ahead of one consumer.</summary>
/// <remarks>
/// A batch is handed on as soon as the received bytes are used up, so a lone change waits for nothing; when more comes than the consumer
/// takes, batches grow up to their bound and then the reading stops until the consumer has caught up: memory stays bounded whatever the
/// size of a transaction. At most four batches exist.
/// </remarks>
/// <param name="wal">What to read; not owned.</param>
/// <param name="wanted">Whether changes of a table are of interest; asked for each change, on the reading thread.</param>
public sealed class WalBatchReader(WalReader wal, Func<RelationSchema, bool> wanted)
{
    private readonly Dictionary<uint, RelationSchema> _relations = [];
    private readonly Channel<WalBatch> _full = Channel.CreateBounded<WalBatch>(
        new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });

    private readonly Channel<WalBatch> _free = Channel.CreateBounded<WalBatch>(4);
    private WalBatch _filling = new();
    private ulong _commitEnd;
    private long _commitMicroseconds;
    private volatile bool _inTransaction;
    private volatile bool _isFilling;
    private int _outstanding;

    /// <summary>The batches, in order. Each has to be given back through <see cref="Return"/>.</summary>
    public ChannelReader<WalBatch> Batches => _full.Reader;

    /// <summary>Reads until the stream ends, then completes <see cref="Batches"/>, with the failure if there was one.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var next = wal.MoveNextAsync();
                if (!(next.IsCompleted ? await next : await HandOnWhileAsync(next.AsTask(), cancellationToken)))
                {
                    break;
                }

                await TakeMessageAsync();
                if (_filling.IsFull)
                {
                    await HandOnAsync(cancellationToken);
                }
            }

            _full.Writer.Complete();
        }
        catch (Exception e)
        {
            _full.Writer.Complete(e);
            throw;
        }
    }

    /// <summary>The consumer is done with a batch; its transactions may be confirmed.</summary>
    public void Return(WalBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        wal.Confirm(batch.CommitEnd);
        batch.Clear();
        _free.Writer.TryWrite(batch);
        Interlocked.Decrement(ref _outstanding);
    }

    /// <summary>Confirms what the server sent without changes for us, when nothing is under way. To be called from time to time.</summary>
    public void ConfirmIdle()
    {
        // Read the position first: what it covers was handed to this reader before, so if then no transaction and no batch is open,
        // all of it is done. A transaction that begins in between has its commit behind the position.
        var received = wal.LastReceived;
        if (!_inTransaction && !_isFilling && Volatile.Read(ref _outstanding) == 0)
        {
            wal.Confirm(received);
        }
    }

    // The read under way must have ended before the stream can be closed.
    private async Task<bool> HandOnWhileAsync(Task<bool> next, CancellationToken cancellationToken)
    {
        try
        {
            await HandOnAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            wal.Stop();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await next;
    }

    private async ValueTask HandOnAsync(CancellationToken cancellationToken)
    {
        if (_filling.Count == 0)
        {
            return;
        }

        _filling.CommitEnd = _commitEnd;
        Interlocked.Increment(ref _outstanding);
        await _full.Writer.WriteAsync(_filling, cancellationToken);
        _filling = _free.Reader.TryRead(out var free) ? free : new WalBatch();
        _isFilling = false;
    }

    private async ValueTask TakeMessageAsync()
    {
        var length = wal.MessageLength;
        if (length == 0)
        {
            return;
        }

        var bytes = _filling.Reserve(length);
        await wal.ReadMessageAsync(bytes);
        Take(bytes.Span);
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        switch ((PgOutputKind)message[0])
        {
            case PgOutputKind.Insert or PgOutputKind.Update or PgOutputKind.Delete:
                if (_relations.TryGetValue(PgOutputReader.RelationOf(message), out var table) && wanted(table))
                {
                    _isFilling = true;
                    _filling.Append(message.Length, table, _commitMicroseconds);
                }

                break;
            case PgOutputKind.Relation:
                var relation = new PgOutputReader(message[1..]).ReadRelation();
                _relations[relation.Id] = relation;
                break;
            case PgOutputKind.Begin:
                _inTransaction = true;
                (_, _commitMicroseconds) = new PgOutputReader(message[1..]).ReadBegin();
                break;
            case PgOutputKind.Commit:
                _commitEnd = new PgOutputReader(message[1..]).ReadCommitEnd();
                if (!_isFilling && Volatile.Read(ref _outstanding) == 0)
                {
                    wal.Confirm(_commitEnd);
                }

                _inTransaction = false;
                break;
        }
    }
}
