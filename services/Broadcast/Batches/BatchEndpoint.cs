using Microsoft.AspNetCore.Http.Features;
using Realtime.Broadcast.Delivery;
using Realtime.Contracts.Channels;
using Realtime.Hosting.Http;

namespace Realtime.Broadcast.Batches;

/// <summary><c>POST /api/broadcast</c> (http-api.md 8.1).</summary>
internal static class BatchEndpoint
{
    // Enough to hide the round trips of a database, few enough to leave connections of its pool to others.
    private const int ConcurrentChecks = 4;

    internal static async Task<IResult> HandleAsync(HttpContext http, Broadcaster broadcaster, WriteCheck check)
    {
        var request = TenantRequest.Of(http);
        if (request.Tenant.Config.Suspended)
        {
            return Refusals.Suspended;
        }

        var limits = request.Tenant.Config.Limits;
        var body = http.Features.GetRequiredFeature<RequestBody>();
        var batch = Batch.Read(body.Kind == RequestBodyKind.Json ? body.Bytes : "{}"u8.ToArray(), limits);
        if (batch.ListError is not null || batch.HasErrors)
        {
            return new BatchErrorsResult(batch);
        }

        var average = request.Rates.Events.AveragePerSecond;
        if (request.Rates.Events.IsExceeded || average > limits.MaxEventsPerSecond)
        {
            return Refusals.RateExceeded;
        }

        if (batch.Errors.Count + average > limits.MaxEventsPerSecond)
        {
            return Refusals.BatchTooLarge;
        }

        var messages = batch.Messages.ToLookup(m => m.Channel.IsPrivate);
        Publish(messages[false]);
        var headers = RequestHeaders.ToJson(http.Request.Headers);
        await Parallel.ForEachAsync(
            messages[true].GroupBy(m => m.Channel.SubTopic),
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrentChecks, CancellationToken = http.RequestAborted },
            async (topic, cancellationToken) =>
            {
                // Neither "no" nor "unknown" is told: other topics of the batch were sent.
                if ((await check.AskAsync(request, headers, topic.Key, cancellationToken)).Granted.HasFlag(ChannelPermissions.WriteBroadcast))
                {
                    Publish(topic);
                }
            });
        return EmptyResult.Accepted;

        void Publish(IEnumerable<BatchMessage> messages)
        {
            foreach (var message in messages)
            {
                broadcaster.Publish(request, message.Channel, message.ToBroadcast());
            }
        }
    }
}
