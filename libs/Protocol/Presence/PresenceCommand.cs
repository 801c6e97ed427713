using System.Text;
using System.Text.Json;
using Realtime.Protocol.Messages;

namespace Realtime.Protocol.Presence;

/// <summary>What a <c>presence</c> event asks for (protocol.md 6.2).</summary>
public enum PresenceCommandKind : byte
{
    /// <summary>There is no <c>event</c>: accepted without effect.</summary>
    None,

    /// <summary>Track <see cref="PresenceCommand.Payload"/>.</summary>
    Track,

    /// <summary>Track something that is no object.</summary>
    TrackNoObject,

    /// <summary>Track no more.</summary>
    Untrack,

    /// <summary>An event of another name, or one that is no text.</summary>
    Unknown,
}

/// <summary>One decoded <c>presence</c> event; points into the message.</summary>
public readonly ref struct PresenceCommand
{
    private PresenceCommand(PresenceCommandKind kind, ReadOnlySpan<byte> payload = default)
    {
        Kind = kind;
        Payload = payload;
    }

    /// <summary>What to do.</summary>
    public PresenceCommandKind Kind { get; }

    /// <summary>The object to track as JSON, <c>{}</c> when the client gave none; empty unless it is a track.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Reads a message. Never throws; names are compared without regard to the case of ASCII letters.</summary>
    public static PresenceCommand Read(in ClientMessage message)
    {
        try
        {
            return message.HasObjectPayload ? Read(message.Payload) : new PresenceCommand(PresenceCommandKind.None);
        }
        catch (InvalidOperationException)
        {
            // A name or event with half of a surrogate pair: nothing that can be meant.
            return new PresenceCommand(PresenceCommandKind.Unknown);
        }
    }

    // {"type":"presence","event":…,"payload":…}
    private static PresenceCommand Read(ReadOnlySpan<byte> json)
    {
        var kind = PresenceCommandKind.None;
        var payload = "{}"u8;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = ClientMessageReader.MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("event"u8))
            {
                reader.Read();
                kind = KindOf(reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                payload = json[start..(int)reader.BytesConsumed];
            }
            else
            {
                reader.Skip();
            }
        }

        return kind switch
        {
            PresenceCommandKind.Track when payload[0] == (byte)'{' => new PresenceCommand(kind, payload),
            PresenceCommandKind.Track => new PresenceCommand(PresenceCommandKind.TrackNoObject),
            _ => new PresenceCommand(kind),
        };
    }

    private static PresenceCommandKind KindOf(in Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return PresenceCommandKind.Unknown;
        }

        var name = reader.GetString();
        if (Ascii.EqualsIgnoreCase(name, "track"))
        {
            return PresenceCommandKind.Track;
        }

        return Ascii.EqualsIgnoreCase(name, "untrack") ? PresenceCommandKind.Untrack : PresenceCommandKind.Unknown;
    }
}
