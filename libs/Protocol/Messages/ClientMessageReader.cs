using System.Text.Json;
using System.Text.Unicode;
using Realtime.Protocol.Json;

namespace Realtime.Protocol.Messages;

/// <summary>Decodes what clients send (protocol.md section 2). Never throws: what it cannot read is dropped by the caller (2.6).</summary>
public static class ClientMessageReader
{
    /// <summary>Deepest nesting of JSON that is accepted.</summary>
    public const int MaxDepth = 512;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth };

    /// <summary>Decodes one WebSocket message.</summary>
    /// <param name="version">Serializer of the socket.</param>
    /// <param name="isBinary">Whether the frame was binary; version 1 reads JSON from both kinds.</param>
    /// <param name="data">The unmasked message.</param>
    /// <param name="message">Points into <paramref name="data"/>.</param>
    public static bool TryRead(ProtocolVersion version, bool isBinary, ReadOnlySpan<byte> data, out ClientMessage message)
    {
        message = default;
        try
        {
            if (version == ProtocolVersion.V2 && isBinary)
            {
                return TryReadBinary(data, ref message);
            }

            if (data.IsEmpty || !Utf8.IsValid(data))
            {
                return false;
            }

            return version == ProtocolVersion.V2 ? TryReadArray(data, ref message) : TryReadObject(data, ref message);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate, which has no UTF-8 form.
            return false;
        }
    }

    // [join_ref, ref, topic, event, payload, …]
    private static bool TryReadArray(ReadOnlySpan<byte> data, scoped ref ClientMessage message)
    {
        var reader = new Utf8JsonReader(data, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray
            || !TryReadValue(ref reader, data, out var joinRef)
            || !TryReadValue(ref reader, data, out var reference)
            || !TryReadName(ref reader, out var topic)
            || !TryReadName(ref reader, out var name)
            || !TryReadValue(ref reader, data, out var payload))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            reader.Skip();
        }

        if (reader.Read())
        {
            return false;
        }

        message.JoinRef = NullAsEmpty(joinRef);
        message.Ref = NullAsEmpty(reference);
        message.Topic = topic;
        message.Event = EventOf(name);
        message.Payload = payload;
        return true;
    }

    // {"topic":…,"event":…,"payload":…,"ref":…,"join_ref":…}
    private static bool TryReadObject(ReadOnlySpan<byte> data, scoped ref ClientMessage message)
    {
        var reader = new Utf8JsonReader(data, ReaderOptions);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        var (hasTopic, hasEvent, hasPayload, hasRef) = (false, false, false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("topic"u8))
            {
                hasTopic = TryReadName(ref reader, out var topic);
                message.Topic = topic;
                if (!hasTopic)
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                hasEvent = TryReadName(ref reader, out var name);
                message.Event = EventOf(name);
                if (!hasEvent)
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                hasPayload = TryReadValue(ref reader, data, out var payload);
                message.Payload = payload;
            }
            else if (reader.ValueTextEquals("ref"u8))
            {
                hasRef = TryReadValue(ref reader, data, out var reference);
                message.Ref = NullAsEmpty(reference);
            }
            else if (reader.ValueTextEquals("join_ref"u8))
            {
                TryReadValue(ref reader, data, out var joinRef);
                message.JoinRef = NullAsEmpty(joinRef);
            }
            else
            {
                reader.Skip();
            }
        }

        return hasTopic && hasEvent && hasPayload && hasRef && !reader.Read();
    }

    private static bool TryReadBinary(ReadOnlySpan<byte> data, scoped ref ClientMessage message) => data switch
    {
        [0, ..] => TryReadPush(data, ref message),
        [3, ..] => TryReadUserBroadcast(data, ref message),
        _ => false,
    };

    // 0, join_ref_len, ref_len, topic_len, event_len, join_ref, ref, topic, event, data
    private static bool TryReadPush(ReadOnlySpan<byte> data, scoped ref ClientMessage message)
    {
        if (data.Length < 5)
        {
            return false;
        }

        var rest = data[5..];
        if (!TryTake(ref rest, data[1], out var joinRef) || !TryTake(ref rest, data[2], out var reference)
            || !TryTake(ref rest, data[3], out var topic) || !TryTake(ref rest, data[4], out var name))
        {
            return false;
        }

        message.Form = MessageForm.Push;
        message.JoinRef = JsonText.StringOf(joinRef);
        message.Ref = JsonText.StringOf(reference);
        message.Topic = topic;
        message.Event = EventOf(name);
        message.Payload = rest;
        return true;
    }

    // 3, join_ref_len, ref_len, topic_len, user_event_len, metadata_len, encoding, join_ref, ref, topic, user_event, metadata, payload
    private static bool TryReadUserBroadcast(ReadOnlySpan<byte> data, scoped ref ClientMessage message)
    {
        if (data.Length < 7)
        {
            return false;
        }

        var rest = data[7..];
        if (!TryTake(ref rest, data[1], out var joinRef) || !TryTake(ref rest, data[2], out var reference)
            || !TryTake(ref rest, data[3], out var topic) || !TryTake(ref rest, data[4], out var userEvent)
            || !TryTake(ref rest, data[5], out var metadata))
        {
            return false;
        }

        // The payload is embedded verbatim into version 1 frames, so invalid JSON would corrupt those (protocol.md 2.4).
        var isJson = data[6] != 0;
        if ((!metadata.IsEmpty && !IsJson(metadata)) || (isJson && !IsJson(rest)))
        {
            return false;
        }

        message.Form = MessageForm.UserBroadcast;
        message.Event = ChannelEvent.Broadcast;
        message.JoinRef = JsonText.StringOf(joinRef);
        message.Ref = JsonText.StringOf(reference);
        message.Topic = topic;
        message.UserEvent = userEvent;
        message.Metadata = metadata;
        message.Payload = rest;
        message.IsJsonPayload = isJson;
        return true;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int length, out ReadOnlySpan<byte> part)
    {
        if (rest.Length < length || !Utf8.IsValid(rest[..length]))
        {
            part = default;
            return false;
        }

        part = rest[..length];
        rest = rest[length..];
        return true;
    }

    /// <summary>Whether a text is one valid JSON value of acceptable depth.</summary>
    internal static bool IsJson(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(text, ReaderOptions);
            if (!reader.Read())
            {
                return false;
            }

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // The bytes of the next value of an array or property, whatever its type.
    private static bool TryReadValue(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> data, out ReadOnlySpan<byte> value)
    {
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndArray)
        {
            value = default;
            return false;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        value = data[start..(int)reader.BytesConsumed];
        return true;
    }

    private static bool TryReadName(scoped ref Utf8JsonReader reader, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.String)
        {
            return false;
        }

        if (!reader.ValueIsEscaped)
        {
            name = reader.ValueSpan;
            return true;
        }

        var unescaped = new byte[reader.ValueSpan.Length];
        name = unescaped.AsSpan(0, reader.CopyString(unescaped));
        return true;
    }

    private static ReadOnlySpan<byte> NullAsEmpty(ReadOnlySpan<byte> value) => value.SequenceEqual("null"u8) ? default : value;

    private static ChannelEvent EventOf(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("broadcast"u8))
        {
            return ChannelEvent.Broadcast;
        }

        if (name.SequenceEqual("heartbeat"u8))
        {
            return ChannelEvent.Heartbeat;
        }

        if (name.SequenceEqual("presence"u8))
        {
            return ChannelEvent.Presence;
        }

        if (name.SequenceEqual("phx_join"u8))
        {
            return ChannelEvent.Join;
        }

        if (name.SequenceEqual("phx_leave"u8))
        {
            return ChannelEvent.Leave;
        }

        return name.SequenceEqual("access_token"u8) ? ChannelEvent.AccessToken : ChannelEvent.Unknown;
    }
}
