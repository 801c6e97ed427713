using Realtime.Contracts.Nodes;
using Realtime.Contracts.Presence;
using Realtime.Protocol;
using Realtime.Protocol.Messages;
using Realtime.Protocol.Presence;
using Realtime.Socket.Channels;
using Realtime.Socket.Fanout;

namespace Realtime.Socket.Presence;

/// <summary>Who is present on one topic that this node has channels of: decides about its own members, follows those of other nodes.</summary>
/// <remarks>
/// <para>
/// The first change goes out at once. While changes keep coming they are merged for a window that grows with the number of channels
/// (<see cref="WindowFor"/>), so that many members who move at once cost a few frames each and not one per move. A task runs only
/// while there is something to send.
/// </para>
/// <para>
/// A channel that joins gets the state as it was last sent to the others, and then the same diffs as they. Merging drops who came
/// and went within a window, so a newer state would name members whose leave never follows.
/// </para>
/// <para>
/// Nothing outside is called within the lock but the group and outboxes, whose locks are taken last.
/// </para>
/// </remarks>
internal sealed partial class TopicPresence(SocketNode node, TenantHub hub, TopicGroup group)
{
    /// <summary>Longest wait for the members of other nodes; without them the state of this node is better than none.</summary>
    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(2);

    private readonly PresenceTopic _key = new(hub.Tenant, group.Key);
    private readonly byte[] _topic = ChannelTopic.Of(group.Key.SubTopic);
    private readonly Lock _lock = new();
    private readonly PresenceState _own = new();
    private readonly PresenceState _others = new();

    /// <summary>What the channels were told, and what they were not told yet.</summary>
    private readonly PresenceState _sent = new();
    private readonly PresenceDiffMerger _unsent = new();

    /// <summary>Own changes that the directory was not told yet.</summary>
    private readonly PresenceDiffMerger _unpublished = new();

    // While the directory is read: who changed meanwhile, about whom the answer may be older or newer than what is known.
    private HashSet<PresenceRef>? _changedMeanwhile = [];
    private List<Channel>? _waitingForState;
    private bool _hasRead;
    private bool _mustReplace;
    private bool _isSending;
    private Task _sending = Task.CompletedTask;

    /// <summary>How long changes are merged: short for few, for whom each frame is cheap, and 50 ms from 360 channels on.</summary>
    public static TimeSpan WindowFor(int channels) => TimeSpan.FromMilliseconds(Math.Min(50, 5 + (channels / 8)));

    /// <summary>The last channel has left; there may still be something to send. Another topic of that name may have begun.</summary>
    public bool IsRetired => group.IsRetired;

    /// <summary>Whether something is being sent, or its window has not passed.</summary>
    public bool IsSending
    {
        get
        {
            lock (_lock)
            {
                return _isSending;
            }
        }
    }

    /// <summary>Ends when nothing is being sent.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            return _sending;
        }
    }

    /// <summary>Tracks a value for a channel, in place of what it tracked before. One call at a time for each channel.</summary>
    /// <returns>Whether that changed anything; the channel may have left, or track the same value.</returns>
    public bool Track(Channel channel, ChannelPresence presence, PresencePayload payload)
    {
        // Comparing may take long, so not within the lock; only this call tracks for the channel.
        if (presence.Meta?.Payload.HasValueOf(payload) == true)
        {
            return false;
        }

        lock (_lock)
        {
            // A channel that left before this has told the group; one that leaves later finds what is tracked now.
            if (!group.Contains(channel))
            {
                return false;
            }

            var before = presence.Meta;
            presence.Meta = before?.ReplacedBy(payload) ?? new PresenceMeta(presence.Key, payload, PresenceRef.New());
            ChangeOwn(new PresenceDiff([presence.Meta], before is null ? [] : [before]));
            return true;
        }
    }

    /// <summary>Ends what a channel tracks, if it does.</summary>
    public void Untrack(ChannelPresence presence)
    {
        lock (_lock)
        {
            if (presence.Meta is { } meta)
            {
                presence.Meta = null;
                ChangeOwn(PresenceDiff.Left(meta));
            }
        }
    }

    /// <summary>Sends <c>presence_state</c> to a channel of the group, as soon as the members of other nodes are known.</summary>
    public void SendState(Channel channel)
    {
        lock (_lock)
        {
            if (_hasRead)
            {
                PostState(channel);
            }
            else
            {
                (_waitingForState ??= []).Add(channel);
            }
        }
    }

    /// <summary>Follows a change on another node.</summary>
    public void Receive(PresenceDiff diff)
    {
        lock (_lock)
        {
            if (_changedMeanwhile is { } changed)
            {
                changed.UnionWith(diff.Joins.Concat(diff.Leaves).Select(meta => meta.Ref));
            }

            Enqueue(_others.Apply(diff));
        }
    }

    /// <summary>What this node says about the topic when it renews its members.</summary>
    public PresenceRenewal Renewal()
    {
        lock (_lock)
        {
            return new PresenceRenewal(_key, _own.Digest, _own.Digest.And(_others.Digest));
        }
    }

    /// <summary>Mends what the directory found different.</summary>
    public void Heal(PresenceMismatch mismatch)
    {
        var mustRead = false;
        lock (_lock)
        {
            if (mismatch.Own)
            {
                _mustReplace = true;
                StartSending();
            }

            if (mismatch.All && _changedMeanwhile is null)
            {
                _changedMeanwhile = [];
                mustRead = true;
            }
        }

        if (mustRead)
        {
            _ = ReadAsync();
        }
    }

    /// <summary>Asks the directory for the members of other nodes. Handles every failure itself.</summary>
    public async Task ReadAsync()
    {
        PresenceSnapshot? snapshot = null;
        try
        {
            using var deadline = new CancellationTokenSource(ReadDeadline, node.Time);
            snapshot = await node.PresenceDirectory.ReadAsync(_key, deadline.Token).AsTask().WaitAsync(deadline.Token);
        }
        catch (Exception exception)
        {
            // The next renewal finds what is missing.
            Log.NotRead(node.Logger, hub.Tenant, exception);
        }

        lock (_lock)
        {
            if (snapshot is not null)
            {
                Reconcile(snapshot);
            }

            _hasRead = true;
            _changedMeanwhile = null;
            foreach (var channel in _waitingForState ?? [])
            {
                PostState(channel);
            }

            _waitingForState = null;
        }
    }

    private void Reconcile(PresenceSnapshot snapshot)
    {
        var others = snapshot.Nodes.Where(members => members.Node != node.Id).SelectMany(members => members.Metas);
        var diff = _others.DiffTo(others, _changedMeanwhile!.Contains);
        var effective = _others.Apply(snapshot.IsComplete ? diff : diff with { Leaves = [] });
        if (_hasRead)
        {
            Enqueue(effective);
        }
        else
        {
            // Nobody was told a state yet, so this is no change.
            _sent.Apply(effective);
        }
    }

    private void ChangeOwn(PresenceDiff diff)
    {
        var effective = _own.Apply(diff);
        _unpublished.Add(effective);
        Enqueue(effective);
    }

    private void Enqueue(PresenceDiff diff)
    {
        if (!diff.IsEmpty)
        {
            _unsent.Add(diff);
            StartSending();
        }
    }

    private void PostState(Channel channel)
    {
        if (group.Contains(channel))
        {
            var session = channel.Session;
            session.Post(ServerMessage.Push(
                session.Version, channel.EffectiveJoinRef, default, channel.Topic, "presence_state"u8, _sent.ToJson()));
        }
    }

    private void StartSending()
    {
        if (!_isSending)
        {
            _isSending = true;
            _sending = Task.Run(SendAllAsync);
        }
    }

    private async Task SendAllAsync()
    {
        while (TryTake(out var changes))
        {
            try
            {
                Send(changes);
            }
            catch (Exception exception)
            {
                // What the directory missed is found by the next renewal.
                Log.NotSent(node.Logger, hub.Tenant, exception);
            }

            // Not when the process stops: then what is left goes out at once.
            await Task.Delay(WindowFor(group.Count), node.Time, node.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // One at a time, so clients and directory see the changes in their order although no lock is held.
    private void Send(in Changes changes)
    {
        if (!changes.ForChannels.IsEmpty)
        {
            var delivered = group.DeliverPresence(new PresenceFrames(_topic, changes.ForChannels));
            node.Rates.For(hub.Model.Config).PresenceEvents.Add(delivered);
            node.Metrics.PresenceDelivered(delivered);
        }

        if (changes.OwnMembers is { } members)
        {
            node.PresenceDirectory.Replace(node.Id, _key, members);
        }
        else if (!changes.ForDirectory.IsEmpty)
        {
            node.PresenceDirectory.Publish(node.Id, _key, changes.ForDirectory);
        }
    }

    private bool TryTake(out Changes changes)
    {
        lock (_lock)
        {
            // A member may have moved away and back within the window: then there is nothing to say.
            changes = new Changes(_unsent.Take(), _unpublished.Take(), _mustReplace && !IsRetired ? [.. _own.Metas] : null);
            _sent.Apply(changes.ForChannels);
            _mustReplace = false;
            _isSending = !changes.AreEmpty;
            if (!_isSending && IsRetired)
            {
                node.TopicPresences.Remove(this);
            }

            return _isSending;
        }
    }

    /// <summary>What is sent in one go.</summary>
    /// <param name="ForChannels">To the channels of this node.</param>
    /// <param name="ForDirectory">To the directory.</param>
    /// <param name="OwnMembers">All own members, when the directory has lost some; they include <paramref name="ForDirectory"/>.</param>
    private readonly record struct Changes(PresenceDiff ForChannels, PresenceDiff ForDirectory, IReadOnlyList<PresenceMeta>? OwnMembers)
    {
        public bool AreEmpty => ForChannels.IsEmpty && ForDirectory.IsEmpty && OwnMembers is null;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Presences of {Tenant} on other nodes are unknown for now.", EventName = "PresenceNotRead")]
        public static partial void NotRead(ILogger logger, Contracts.Tenants.TenantId tenant, Exception exception);

        [LoggerMessage(2, LogLevel.Error, "Presences of {Tenant} could not be told to all.", EventName = "UnableToTrackPresence")]
        public static partial void NotSent(ILogger logger, Contracts.Tenants.TenantId tenant, Exception exception);
    }
}
