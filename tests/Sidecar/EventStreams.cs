using System.Collections.Concurrent;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Grpc.Core;

namespace Realtime.Sidecar;

/// <summary>The streaming subscriptions of one sidecar, with <c>concurrency: "1"</c>: one event at a time for all topics of the component.</summary>
/// <remarks>
/// An event that nobody acknowledges holds the only worker until its stream ends; then the event is handed out again. What is answered
/// with RETRY or DROP is gone. Two streams on one topic compete.
/// </remarks>
internal sealed class EventStreams(StandInCluster cluster, CancellationToken stopping) : IDisposable
{
    private const string ConsumerId = "realtime";

    private readonly SemaphoreSlim _worker = new(1, 1);

    public async Task ServeAsync(GrpcCall call)
    {
        var initial = (await call.ReadAsync(SubscribeTopicEventsRequestAlpha1.Parser))?.InitialRequest
            ?? throw new RpcException(new Status(StatusCode.InvalidArgument, "initial request is required"));
        if (initial.PubsubName != cluster.PubSub)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"pubsub {initial.PubsubName} is not found"));
        }

        await call.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { InitialResponse = new SubscribeTopicEventsResponseInitialAlpha1() });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Aborted, stopping);
        var processed = new ConcurrentDictionary<string, TaskCompletionSource>();
        var reading = ReadAcknowledgementsAsync(call, processed, end);
        try
        {
            await SendEventsAsync(call, initial, processed, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The stream is over.
        }

        if (stopping.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unknown, "stream closed"));
        }

        await reading;
    }

    public void Dispose() => _worker.Dispose();

    private async Task SendEventsAsync(
        GrpcCall call,
        SubscribeTopicEventsRequestInitialAlpha1 initial,
        ConcurrentDictionary<string, TaskCompletionSource> processed,
        CancellationToken cancellationToken)
    {
        var isRaw = initial.Metadata.TryGetValue("rawPayload", out var raw) && raw == "true";
        while (true)
        {
            var entry = await cluster.Broker.TakeAsync(initial.Topic, ConsumerId, cancellationToken);
            var isDone = false;
            try
            {
                await _worker.WaitAsync(cancellationToken);
                try
                {
                    var message = EventOf(initial.Topic, entry, isRaw);
                    var acknowledged = processed.GetOrAdd(message.Id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
                    await call.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { EventMessage = message });
                    await acknowledged.Task.WaitAsync(cancellationToken);
                    processed.TryRemove(message.Id, out _);
                    isDone = true;
                }
                finally
                {
                    _worker.Release();
                }
            }
            finally
            {
                if (!isDone)
                {
                    cluster.Broker.Return(initial.Topic, ConsumerId, entry);
                }
            }
        }
    }

    private static async Task ReadAcknowledgementsAsync(
        GrpcCall call, ConcurrentDictionary<string, TaskCompletionSource> processed, CancellationTokenSource end)
    {
        try
        {
            while (await call.ReadAsync(SubscribeTopicEventsRequestAlpha1.Parser) is { } request)
            {
                if (request.EventProcessed is { } done && processed.TryGetValue(done.Id, out var waiting))
                {
                    waiting.TrySetResult();
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The client is gone.
        }

        await end.CancelAsync();
    }

    private TopicEventRequest EventOf(string topic, BrokerEntry entry, bool isRaw)
    {
        var message = new TopicEventRequest { Topic = topic, PubsubName = cluster.PubSub, SpecVersion = "1.0" };
        if (isRaw)
        {
            message.Id = Guid.NewGuid().ToString();
            message.Type = message.DataContentType = "application/octet-stream";
            message.Data = ByteString.CopyFrom(entry.IsRaw ? entry.Data : CloudEvent(entry));
        }
        else if (!entry.IsRaw)
        {
            message.Id = Guid.NewGuid().ToString();
            message.Type = "com.dapr.event.sent";
            message.DataContentType = "application/octet-stream";
            message.Data = ByteString.CopyFrom(entry.Data);
        }

        return message; // a raw entry for a subscription that is not raw: neither id nor data
    }

    private static byte[] CloudEvent(BrokerEntry entry) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
    {
        ["specversion"] = "1.0",
        ["id"] = Guid.NewGuid().ToString(),
        ["type"] = "com.dapr.event.sent",
        ["datacontenttype"] = "application/octet-stream",
        ["data_base64"] = Convert.ToBase64String(entry.Data),
    });
}
