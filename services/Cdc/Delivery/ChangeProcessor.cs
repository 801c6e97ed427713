using System.Buffers;
using System.Runtime.InteropServices;
using Realtime.Cdc.Feeds;
using Realtime.Cdc.Visibility;
using Realtime.Contracts.Changes;
using Realtime.Postgres.Filters;
using Realtime.Postgres.Replication;
using Realtime.Postgres.Values;

namespace Realtime.Cdc.Delivery;

/// <summary>Turns batches of changes into what each subscriber may see, in commit order. For one thread.</summary>
/// <param name="tables">The tables and their audiences.</param>
/// <param name="connections">For what only the database can decide.</param>
/// <param name="policies">Row-level security.</param>
/// <param name="outbox">Where the changes go.</param>
/// <param name="maxRecordBytes">Size from which values are left out.</param>
internal sealed class ChangeProcessor(
    AudienceCache tables, FeedConnections connections, PolicyGate policies, ChangeOutbox outbox, int maxRecordBytes)
{
    private readonly List<MatchedChange> _matched = [];
    private readonly ChangeEncoder _encoder = new(maxRecordBytes);

    /// <summary>Deals with a batch and sends what comes of it.</summary>
    public async ValueTask ProcessAsync(WalBatch batch, CancellationToken cancellationToken)
    {
        _matched.Clear();
        await tables.PrepareAsync(batch, cancellationToken);
        var questions = new DatabaseFilterBatch();
        if (Match(batch, questions, areAnswered: false))
        {
            await connections.UseAsync(
                async (connection, token) =>
                {
                    await questions.ExecuteAsync(connection, token);
                    return true;
                },
                cancellationToken);
            _matched.Clear();
            Match(batch, questions, areAnswered: true);
        }

        await ConvertAsync(cancellationToken);
        if (_matched.Exists(m => m.IsPoliced))
        {
            await policies.DecideAsync(_matched, _encoder, cancellationToken);
        }

        foreach (var matched in CollectionsMarshal.AsSpan(_matched))
        {
            foreach (var (projection, listeners) in _encoder.Partition(matched))
            {
                outbox.Add(new PublishedChange(
                    matched.Change.Kind, _encoder.Encode(projection, matched.Change), matched.Audience.AudienceOf(projection, listeners)));
            }
        }

        outbox.Flush();
        _encoder.Conversions.Clear();
    }

    /// <returns>Whether filters wait for answers.</returns>
    private bool Match(WalBatch batch, DatabaseFilterBatch questions, bool areAnswered)
    {
        var isOpen = false;
        for (var i = 0; i < batch.Count; i++)
        {
            if (tables.AudienceOf(batch.TableOf(i)) is not { } audience)
            {
                continue;
            }

            var change = batch.Read(i);
            var listeners = audience.Match(change, questions, areAnswered, out var isChangeOpen);
            isOpen |= isChangeOpen;
            if (listeners.Length > 0)
            {
                _matched.Add(new MatchedChange(change, audience, listeners));
            }
        }

        return isOpen;
    }

    // Values of types that only the database can convert are asked for before anything is written.
    private async ValueTask ConvertAsync(CancellationToken cancellationToken)
    {
        foreach (var matched in CollectionsMarshal.AsSpan(_matched))
        {
            if (matched.Audience.Layout.HasDatabaseValues)
            {
                _encoder.FindConversions(matched);
            }
        }

        if (_encoder.Conversions.IsPending)
        {
            await connections.UseAsync(
                async (connection, token) =>
                {
                    await _encoder.Conversions.ExecuteAsync(connection, token);
                    return true;
                },
                cancellationToken);
        }
    }
}
