using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Realtime.Broadcast.Delivery;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Tenants;
using Realtime.Hosting.Http;
using Realtime.Protocol.Broadcasts;

namespace Realtime.Broadcast.Singles;

/// <summary><c>POST /api/broadcast/{topic}/events/{event}</c> (http-api.md 8.2).</summary>
internal static partial class SingleEndpoint
{
    private static readonly byte[] EmptyObject = "{}"u8.ToArray();
    private static readonly int MaxSubTopicBytes = BroadcastMessage.MaxNameBytes - Broadcaster.TopicPrefix.Length;

    internal static async Task<IResult> HandleAsync(
        HttpContext http, Broadcaster broadcaster, WriteCheck check, ILogger<Broadcaster> logger)
    {
        var request = TenantRequest.Of(http);
        var tenant = request.Tenant.Config;
        if (tenant.Suspended)
        {
            return Refusals.Suspended;
        }

        if (MessagePath.Read(http) is not { } path)
        {
            return new PhraseResult(StatusCodes.Status400BadRequest);
        }

        var (kind, payload) = PayloadOf(http.Features.GetRequiredFeature<RequestBody>());
        if (Check(path, kind, payload.Span, tenant.Limits) is { Count: > 0 } errors)
        {
            return new FieldErrorsResult(errors);
        }

        if (request.Rates.Events.IsExceeded)
        {
            return Refusals.RateExceeded;
        }

        // The query alone decides: a member of the body that happens to be called "private" belongs to the sender.
        var channel = new ChannelKey(path.SubTopic, IsPrivate: http.Request.Query["private"] is [.., "true"]);
        if (channel.IsPrivate)
        {
            var answer = await check.AskAsync(request, RequestHeaders.ToJson(http.Request.Headers), channel.SubTopic, http.RequestAborted);
            if (!answer.Granted.HasFlag(ChannelPermissions.WriteBroadcast))
            {
                Log.Refused(logger, tenant.Id, answer.Error, answer.Detail);
                return Refusals.Of(answer.Error);
            }
        }

        broadcaster.Publish(request, channel, new BroadcastMessage
        {
            Body = kind,
            Topic = Encoding.UTF8.GetBytes(Broadcaster.TopicPrefix + path.SubTopic),
            UserEvent = Encoding.UTF8.GetBytes(path.Event),
            Payload = payload,
        });
        return EmptyResult.Accepted;
    }

    // Objects pass as they are; other values become the member _json of one; what was not read is an empty object.
    private static (BroadcastBody Kind, ReadOnlyMemory<byte> Payload) PayloadOf(RequestBody body)
    {
        switch (body.Kind)
        {
            case RequestBodyKind.Bytes:
                return (BroadcastBody.Binary, body.Bytes);
            case RequestBodyKind.Json:
                var json = body.Bytes.Trim(" \t\r\n"u8);
                return (BroadcastBody.Json, json.Span[0] == (byte)'{' ? json : (byte[])[.. "{\"_json\":"u8, .. json.Span, .. "}"u8]);
            default:
                return (BroadcastBody.Json, EmptyObject);
        }
    }

    private static List<(string Field, string Text)> Check(MessagePath path, BroadcastBody kind, ReadOnlySpan<byte> payload, TenantLimits limits)
    {
        var errors = new List<(string, string)>();
        CheckName("topic", path.SubTopic, MaxSubTopicBytes);
        CheckName("event", path.Event, BroadcastMessage.MaxNameBytes);
        if (kind == BroadcastBody.Binary
            ? PayloadSize.BytesExceed(payload.Length, limits.MaxPayloadBytes)
            : PayloadSize.Exceeds(payload, limits.MaxPayloadBytes))
        {
            errors.Add(("payload", "Payload size exceeds tenant limit"));
        }

        return errors;

        // Longer names cannot be said in the binary frames that version 2 clients get.
        void CheckName(string field, string name, int maxBytes)
        {
            if (string.IsNullOrWhiteSpace(name))
            {
                errors.Add((field, "can't be blank"));
            }
            else if (Encoding.UTF8.GetByteCount(name) > maxBytes)
            {
                errors.Add((field, $"should be at most {maxBytes} byte(s)"));
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Private broadcast of {Tenant} refused: {Error}. {Detail}")]
        public static partial void Refused(ILogger logger, TenantId tenant, ChannelAuthorizationError error, string? detail);
    }
}
