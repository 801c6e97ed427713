using System.Text;
using Realtime.Contracts.Channels;
using Realtime.Protocol;
using Realtime.Protocol.Joins;
using Realtime.Protocol.Messages;
using Realtime.Socket.Sessions;

namespace Realtime.Socket.Channels;

/// <summary>One <c>phx_join</c> on its way to a reply. Owns its bytes: the message's buffer is reused meanwhile.</summary>
internal sealed class JoinAttempt
{
    /// <summary>Copies what the join needs out of a message on a topic of a channel.</summary>
    /// <param name="session">Who joins.</param>
    /// <param name="message">The join.</param>
    /// <param name="closeOfPrevious">The <c>phx_close</c> of a channel that this join ended; goes out after the reply.</param>
    public JoinAttempt(SocketSession session, in ClientMessage message, byte[]? closeOfPrevious)
    {
        Session = session;
        Topic = message.Topic.ToArray();
        SubTopic = Encoding.UTF8.GetString(ChannelTopic.SubTopicOf(message.Topic));
        JoinRef = message.JoinRef.ToArray();
        Ref = message.Ref.ToArray();
        CloseOfPrevious = closeOfPrevious;
        if (message.Form == MessageForm.Text)
        {
            IsReadable = JoinRequestReader.TryRead(message.Payload, out var request, out var error);
            (Request, Error) = (request, error);
        }
        else
        {
            Request = new JoinRequest();
            Error = "expected params to be a :map, got: `{:binary, …}`";
        }
    }

    /// <summary>Who joins.</summary>
    public SocketSession Session { get; }

    /// <summary>Topic in UTF-8, with its prefix.</summary>
    public byte[] Topic { get; }

    /// <summary>The topic without its prefix; may be empty.</summary>
    public string SubTopic { get; }

    /// <summary>The join reference as a JSON value; empty for null.</summary>
    public byte[] JoinRef { get; }

    /// <summary>Reference of the join message as a JSON value; empty for null.</summary>
    public byte[] Ref { get; }

    /// <summary>See the constructor.</summary>
    public byte[]? CloseOfPrevious { get; }

    /// <summary>Whether the payload could be read at all.</summary>
    public bool IsReadable { get; }

    /// <summary>What the payload asks for.</summary>
    public JoinRequest Request { get; }

    /// <summary>Why the payload could not be read.</summary>
    public string Error { get; }

    /// <summary>Token of the channel; set by the checks.</summary>
    public ChannelToken? Token { get; set; }

    /// <summary>What the channel may do; set by the checks.</summary>
    public ChannelAccess Access { get; set; } = ChannelAccess.Public;

    /// <summary>Stored broadcasts to send after the reply, oldest first; set by the checks.</summary>
    public IReadOnlyList<StoredBroadcast> Replayed { get; set; } = [];

    /// <summary>Where the channel becomes a member.</summary>
    public ChannelKey Key => new(SubTopic, Request.IsPrivate);
}
