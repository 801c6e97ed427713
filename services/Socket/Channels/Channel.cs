using Realtime.Contracts.Channels;
using Realtime.Socket.Changes;
using Realtime.Socket.Fanout;
using Realtime.Socket.Lifecycle;
using Realtime.Socket.Presence;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Channels;

/// <summary>One joined topic of one session. Its deadline is the next verification of its token.</summary>
internal sealed class Channel : Deadline
{
    /// <summary>Creates a channel that passed all checks of its join.</summary>
    public Channel(JoinAttempt attempt)
    {
        Session = attempt.Session;
        Topic = attempt.Topic;
        SubTopic = attempt.SubTopic;
        JoinRef = attempt.JoinRef;
        EffectiveJoinRef = attempt.JoinRef.Length > 0 ? attempt.JoinRef : attempt.Ref;
        ReceivesOwnBroadcasts = attempt.Request.ReceivesOwnBroadcasts;
        AcknowledgesBroadcasts = attempt.Request.AcknowledgesBroadcasts;
        IsPrivate = attempt.Request.IsPrivate;
        PresenceKey = attempt.Request.PresenceKey;
        Token = attempt.Token!;
        Access = attempt.Access;
    }

    /// <summary>Owner.</summary>
    public SocketSession Session { get; }

    /// <summary>Topic in UTF-8, with its prefix.</summary>
    public byte[] Topic { get; }

    /// <summary>The topic without its prefix.</summary>
    public string SubTopic { get; }

    /// <summary>Reference that the join carried, a JSON value; empty for null. Goes into <c>phx_close</c> (protocol.md 2.2).</summary>
    public byte[] JoinRef { get; }

    /// <summary>Reference that replies and pushes carry: the join reference, or the join message's own reference.</summary>
    public byte[] EffectiveJoinRef { get; }

    /// <summary>The sender gets its own broadcasts.</summary>
    public bool ReceivesOwnBroadcasts { get; }

    /// <summary>Broadcasts are answered.</summary>
    public bool AcknowledgesBroadcasts { get; }

    /// <summary>Row-level security decided about it.</summary>
    public bool IsPrivate { get; }

    /// <summary>Current token; replaced whole by an <c>access_token</c> event.</summary>
    public ChannelToken Token { get; set; }

    /// <summary>What it may do; replaced whole.</summary>
    public ChannelAccess Access
    {
        get;
        set
        {
            field = value;
            ReceivesBroadcasts = value.Has(ChannelPermissions.ReadBroadcast);
        }
    }

    /// <summary>Whether broadcasts are delivered to it: members of a private topic may have joined for its presence alone.</summary>
    public bool ReceivesBroadcasts { get; private set; }

    /// <summary>Presence key that the join asked for; empty when the server is to make one.</summary>
    public string PresenceKey { get; }

    /// <summary>What it tracks; null until its client first uses presence. For the session's reader and whoever ends the channel.</summary>
    public ChannelPresence? Presence { get; set; }

    /// <summary>It uses presence: its join or its tenant says so, or it has tracked.</summary>
    public bool EnablesPresence { get; set; }

    /// <summary>Whether it gets <c>presence_diff</c>: public channels always, private ones that use presence and may see it (protocol.md 6.1).</summary>
    public bool ReceivesPresence => !IsPrivate || (EnablesPresence && Access.Has(ChannelPermissions.ReadPresence));

    /// <summary>Its change subscriptions; null for none.</summary>
    public ChangeRegistration? Changes { get; set; }

    /// <summary>Ids of stored broadcasts that were replayed to it and must not come again; null for none.</summary>
    public HashSet<string>? ReplayedIds { get; set; }

    /// <summary>Where it is a member; set once, right after the join reply.</summary>
    public TopicGroup? Group { get; set; }

    /// <summary>Index within <see cref="Group"/>; only that touches it.</summary>
    public int GroupIndex { get; set; } = -1;

    /// <inheritdoc/>
    protected internal override void OnDue() => Session.CheckToken(this);
}
