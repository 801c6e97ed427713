using System.Text.Json;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Broadcast.Batches;

/// <summary>What a batch request asks for, checked (http-api.md 8.1.1 and 8.1.3).</summary>
internal sealed class Batch
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    private readonly List<MessageErrors> _errors = [];
    private readonly List<BatchMessage> _messages = [];
    private readonly ReadOnlyMemory<byte> _body;
    private readonly TenantLimits _limits;

    private Batch(ReadOnlyMemory<byte> body, TenantLimits limits) => (_body, _limits) = (body, limits);

    /// <summary>What is wrong with the list itself: <c>can't be blank</c> or <c>is invalid</c>; null when it is one.</summary>
    public string? ListError { get; private set; } = "can't be blank";

    /// <summary>One for each given message, in order.</summary>
    public IReadOnlyList<MessageErrors> Errors => _errors;

    /// <summary>Whether at least one message is wrong.</summary>
    public bool HasErrors { get; private set; }

    /// <summary>The valid messages in order, at most one more than the tenant may send: a longer batch is refused anyhow.</summary>
    public IReadOnlyList<BatchMessage> Messages => _messages;

    /// <param name="body">One valid JSON value of any kind.</param>
    /// <param name="limits">Limits of the tenant.</param>
    public static Batch Read(ReadOnlyMemory<byte> body, TenantLimits limits)
    {
        var batch = new Batch(body, limits);
        var reader = new Utf8JsonReader(body.Span, Options);
        if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isList = reader.ValueTextEquals("messages"u8);
                reader.Read();
                if (isList)
                {
                    batch.ReadList(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return batch;
    }

    // Of a member that is given twice the last one counts, here and in each message.
    private void ReadList(ref Utf8JsonReader reader)
    {
        _errors.Clear();
        _messages.Clear();
        HasErrors = false;
        ListError = reader.TokenType is JsonTokenType.StartArray or JsonTokenType.Null ? null : "is invalid";
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            ListError ??= "can't be blank";
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadMessage(ref reader);
            }
            else
            {
                reader.Skip();
                ListError = "is invalid";
            }
        }

        if (_errors.Count == 0)
        {
            ListError ??= "can't be blank";
        }
    }

    private void ReadMessage(ref Utf8JsonReader reader)
    {
        var fields = new MessageFields();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("topic"u8))
            {
                fields.Topic = ReadField(ref reader);
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                fields.Event = ReadField(ref reader);
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                fields.Payload = ReadField(ref reader);
            }
            else if (reader.ValueTextEquals("private"u8))
            {
                fields.Private = ReadField(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                fields.Id = ReadField(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        var errors = fields.Check(_limits.MaxPayloadBytes);
        _errors.Add(errors);
        HasErrors |= errors != MessageErrors.None;
        if (!HasErrors && _messages.Count <= _limits.MaxEventsPerSecond)
        {
            _messages.Add(fields.ToMessage());
        }
    }

    private JsonField ReadField(ref Utf8JsonReader reader)
    {
        reader.Read();
        var (kind, start) = (reader.TokenType, (int)reader.TokenStartIndex);
        reader.Skip();
        return new JsonField(kind, _body[start..(int)reader.BytesConsumed]);
    }

    /// <summary>The members of one message as given; those that are absent have the default value.</summary>
    private struct MessageFields
    {
        public JsonField Topic;
        public JsonField Event;
        public JsonField Payload;
        public JsonField Private;
        public JsonField Id;

        public readonly MessageErrors Check(long maxPayloadBytes) =>
            CheckText(Topic, MessageErrors.TopicBlank, MessageErrors.TopicInvalid)
            | CheckText(Event, MessageErrors.EventBlank, MessageErrors.EventInvalid)
            | CheckPayload(maxPayloadBytes)
            | (Private.IsBlank || Private.Boolean is not null ? 0 : MessageErrors.PrivateInvalid)
            | (Id.IsBlank || Id.Kind == JsonTokenType.String ? 0 : MessageErrors.IdInvalid);

        public readonly BatchMessage ToMessage() => new(
            new ChannelKey(Topic.Text(), Private.Boolean ?? false),
            Event.Json,
            Payload.Json,
            Id.IsBlank ? default : Id.Json,
            Id.IsBlank ? null : Id.Text());

        private static MessageErrors CheckText(JsonField field, MessageErrors blank, MessageErrors invalid) =>
            field.IsBlank ? blank : field.Kind == JsonTokenType.String ? MessageErrors.None : invalid;

        private readonly MessageErrors CheckPayload(long maxBytes) =>
            Payload.IsBlank ? MessageErrors.PayloadBlank
            : Payload.Kind != JsonTokenType.StartObject ? MessageErrors.PayloadInvalid
            : PayloadSize.Exceeds(Payload.Json.Span, maxBytes) ? MessageErrors.PayloadTooLarge
            : MessageErrors.None;
    }
}
