using Realtime.Hosting.Tokens;
using Realtime.Protocol.Joins;
using Realtime.Socket.Fanout;
using Realtime.Socket.Lifecycle;
using Realtime.Socket.Presence;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Channels;

/// <summary>One joined topic of one session. Its deadline is the next verification of its token.</summary>
internal sealed class Channel : Deadline
{
    /// <summary>Creates a channel that passed all checks of its join.</summary>
    public Channel(SocketSession session, byte[] topic, byte[] joinRef, byte[] joinMessageRef, JoinRequest request, ChannelToken token)
    {
        Session = session;
        Topic = topic;
        JoinRef = joinRef;
        EffectiveJoinRef = joinRef.Length > 0 ? joinRef : joinMessageRef;
        ReceivesOwnBroadcasts = request.ReceivesOwnBroadcasts;
        AcknowledgesBroadcasts = request.AcknowledgesBroadcasts;
        IsPrivate = request.IsPrivate;
        PresenceKey = request.PresenceKey;
        Token = token;
    }

    /// <summary>Owner.</summary>
    public SocketSession Session { get; }

    /// <summary>Topic in UTF-8, with its prefix.</summary>
    public byte[] Topic { get; }

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

    /// <summary>Presence key that the join asked for; empty when the server is to make one.</summary>
    public string PresenceKey { get; }

    /// <summary>What it tracks; null until its client first uses presence. For the session's reader and whoever ends the channel.</summary>
    public ChannelPresence? Presence { get; set; }

    /// <summary>Gets <c>presence_state</c> and <c>presence_diff</c>.</summary>
    public bool ReceivesPresence => !IsPrivate;

    /// <summary>May track.</summary>
    public bool MayTrack => !IsPrivate;

    /// <summary>Current token; replaced whole by an <c>access_token</c> event.</summary>
    public ChannelToken Token { get; set; }

    /// <summary>Where it is a member; set once, right after the join reply.</summary>
    public TopicGroup? Group { get; set; }

    /// <summary>Index within <see cref="Group"/>; only that touches it.</summary>
    public int GroupIndex { get; set; } = -1;

    /// <inheritdoc/>
    protected internal override void OnDue() => Session.CheckToken(this);
}
