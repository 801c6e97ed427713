using System.Buffers;
using System.Text.Json;
using Realtime.Contracts.Channels;
using Realtime.Contracts.Presence;
using Realtime.Hosting.Http;
using Realtime.Protocol.Presence;

namespace Realtime.Presence.Http;

/// <summary><c>GET /api/presence/{topic}</c>: who is present, for servers and pages that are not connected themselves.</summary>
/// <remarks>
/// <para>
/// <c>topic</c> is percent-encoded and without the prefix <c>realtime:</c>. Needs a token of the tenant, as the broadcast routes do.
/// Answers 200 with
/// </para>
/// <code>{"topic":"lobby","count":1,"presences":{"alice":{"metas":[{"name":"Alice","phx_ref":"GD3p0Vj2kBLxqwKB"}]}}}</code>
/// <para>
/// where <c>count</c> is the number of presence keys. <c>?count=true</c> leaves out <c>presences</c>. <c>?private=true</c> means the
/// private topic of that name, for which the policies must grant the caller to read presence, else 403. 400: no topic. 422: the
/// database with the policies did not answer. 503: nobody knows who is present.
/// </para>
/// </remarks>
internal static partial class PresenceEndpoint
{
    public static readonly MessageResult Denied = MessageResult.Message(StatusCodes.Status403Forbidden, "Unauthorized");
    public static readonly MessageResult DatabaseUnavailable = MessageResult.Message(StatusCodes.Status422UnprocessableEntity, "Tenant database unavailable");

    private static readonly MessageResult Suspended = MessageResult.Message(StatusCodes.Status403Forbidden, "Tenant is suspended");
    private static readonly MessageResult Unavailable = MessageResult.Message(StatusCodes.Status503ServiceUnavailable, "Presence is unavailable");

    internal static async Task<IResult> HandleAsync(
        HttpContext http, IPresenceDirectory directory, ReadCheck check, ILogger<ReadCheck> logger)
    {
        var request = TenantRequest.Of(http);
        var tenant = request.Tenant.Config;
        if (tenant.Suspended)
        {
            return Suspended;
        }

        if (TopicPath.Read(http) is not { } subTopic)
        {
            return new PhraseResult(StatusCodes.Status400BadRequest);
        }

        var channel = new ChannelKey(subTopic, IsPrivate: http.Request.Query["private"] is [.., "true"]);
        if (channel.IsPrivate
            && await check.RefuseAsync(request, RequestHeaders.ToJson(http.Request.Headers), subTopic, http.RequestAborted) is { } refusal)
        {
            return refusal;
        }

        try
        {
            var snapshot = await directory.ReadAsync(new PresenceTopic(tenant.Id, channel), http.RequestAborted);
            return Results.Bytes(ToJson(subTopic, snapshot, http.Request.Query["count"] is [.., "true"]), "application/json; charset=utf-8");
        }
        catch (PresenceUnavailableException exception)
        {
            Log.Unavailable(logger, tenant.Id, exception.Message);
            return Unavailable;
        }
    }

    private static ReadOnlyMemory<byte> ToJson(string subTopic, PresenceSnapshot snapshot, bool isCountOnly)
    {
        var output = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("topic", subTopic);
        writer.WriteNumber("count", snapshot.Metas.Select(meta => meta.Key).Distinct(StringComparer.Ordinal).Count());
        if (!isCountOnly)
        {
            var presences = new ArrayBufferWriter<byte>();
            PresenceJson.WriteByKey(presences, snapshot.Metas);
            writer.WritePropertyName("presences");

            // Made of values that were checked when they came, and of names that were escaped.
            writer.WriteRawValue(presences.WrittenSpan, skipInputValidation: true);
        }

        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenMemory;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The presences of a topic of {Tenant} could not be read: {Reason}")]
        public static partial void Unavailable(ILogger logger, Contracts.Tenants.TenantId tenant, string reason);
    }
}
