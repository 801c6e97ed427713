using System.Collections.Immutable;
using System.Threading.Channels;
using Npgsql;
using Realtime.Cdc.Delivery;
using Realtime.Cdc.Feeds;
using Realtime.Cdc.Subscriptions;
using Realtime.Contracts.Changes;

namespace Realtime.Cdc.Visibility;

/// <summary>Delivers the changes of one table to one role whose policies fail or are slow, beside the stream and in order.</summary>
/// <remarks>
/// Asks for one viewer at a time, with a longer limit. Subscribers learn once about each kind of failure. The lane closes when its
/// queue is empty and the policies have been quick, and the stream serves its subscribers again. The queue is bounded: what does not fit is
/// dropped, and its subscribers are told.
/// </remarks>
internal sealed class PolicyLane
{
    private const int MaxQueued = 2_000;
    private const long MaxQueuedBytes = 8 * 1024 * 1024;
    private const int MaxPerRound = 200;
    private const string Overrun = "Changes were dropped because the row level security policies take too long";

    private readonly Channel<LaneChange> _queue = Channel.CreateBounded<LaneChange>(MaxQueued);
    private readonly Lock _closing = new();
    private readonly HashSet<(Viewer Viewer, string Error)> _told = [];
    private readonly FeedConnections _connections;
    private readonly ChangeOutbox _outbox;
    private readonly FeedSettings _settings;
    private readonly TimeProvider _time;
    private long _queuedBytes;
    private bool _isOpen = true;

    public PolicyLane(FeedConnections connections, ChangeOutbox outbox, FeedSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        (_connections, _outbox, _settings, _time) = (connections, outbox, settings, time);
        Completion = Task.Run(() => RunAsync(cancellationToken), CancellationToken.None);
    }

    /// <summary>Whether it takes changes.</summary>
    public bool IsOpen => Volatile.Read(ref _isOpen);

    /// <summary>Its work; never fails.</summary>
    public Task Completion { get; }

    /// <summary>Adds a change.</summary>
    /// <returns>False when the lane closed; true also when the change did not fit and was dropped.</returns>
    public bool TryAdd(LaneChange change)
    {
        lock (_closing)
        {
            if (!_isOpen)
            {
                return false;
            }

            if (Interlocked.Add(ref _queuedBytes, change.Size) <= MaxQueuedBytes && _queue.Writer.TryWrite(change))
            {
                return true;
            }

            Interlocked.Add(ref _queuedBytes, -change.Size);
            if (_told.Add((change.Viewer, Overrun)))
            {
                _outbox.Notify([.. change.Subscribers], isError: true, $"{Overrun}: {NameOf(change)}");
            }

            return true;
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var round = new List<LaneChange>();
            while (await _queue.Reader.WaitToReadAsync(cancellationToken))
            {
                round.Clear();
                while (round.Count < MaxPerRound && _queue.Reader.TryRead(out var change))
                {
                    round.Add(change);
                    Interlocked.Add(ref _queuedBytes, -change.Size);
                }

                if (await ServeAsync(round, cancellationToken) && TryClose())
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or NpgsqlException or ObjectDisposedException)
        {
            // The stream ends, or the database is gone and the stream will notice, too.
        }
        finally
        {
            Volatile.Write(ref _isOpen, false);
        }
    }

    /// <returns>Whether all policies answered quickly.</returns>
    private async Task<bool> ServeAsync(List<LaneChange> round, CancellationToken cancellationToken)
    {
        var isQuick = true;
        var visible = new HashSet<LaneChange>(ReferenceEqualityComparer.Instance);
        await using var connection = await _connections.OpenAsync(cancellationToken);
        foreach (var changes in round.GroupBy(c => (c.Viewer, c.Table)))
        {
            LaneChange[] own = [.. changes];
            var question = new VisibilityQuestion(changes.Key.Table, changes.Key.Viewer, Columns(own), own.Length);
            var start = _time.GetTimestamp();
            await RowVisibility.AskAsync(connection, [question], _settings.SlowPolicyTimeout, cancellationToken);
            isQuick &= question.Visible is not null && _time.GetElapsedTime(start) < _settings.PolicyTimeout / 2;
            if (question.Visible is { } answers)
            {
                visible.UnionWith(own.Where((_, i) => answers[i]));
            }
            else
            {
                Tell(own, question.Error ?? "");
            }
        }

        foreach (var part in round.Where(visible.Contains).SelectMany(c => c.Parts))
        {
            _outbox.Add(part);
        }

        _outbox.Flush();
        return isQuick;
    }

    private void Tell(LaneChange[] changes, string error)
    {
        lock (_closing)
        {
            if (!_told.Add((changes[0].Viewer, error)))
            {
                return;
            }
        }

        ImmutableArray<ChangeSubscriberId> subscribers = [.. changes.SelectMany(c => c.Subscribers).Distinct()];
        _outbox.Notify(subscribers, isError: true, $"Unable to check row level security of {NameOf(changes[0])}: {error}");
    }

    private bool TryClose()
    {
        lock (_closing)
        {
            if (_queue.Reader.Count > 0)
            {
                return false;
            }

            Volatile.Write(ref _isOpen, false);
            return true;
        }
    }

    private static string NameOf(LaneChange change) => $"{change.Table.Schema}.{change.Table.Name}";

    private static string?[][] Columns(LaneChange[] changes) =>
        [.. Enumerable.Range(0, changes[0].Key.Length).Select(i => changes.Select(c => c.Key[i]).ToArray())];
}
