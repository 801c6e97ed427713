using System.Threading.Channels;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Realtime.Contracts.Wire;
using Realtime.Hosting.Dapr.Membership;
using Realtime.Hosting.Dapr.Sidecars;

using EventStream = Grpc.Core.AsyncDuplexStreamingCall<
    Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestAlpha1, Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsResponseAlpha1>;

namespace Realtime.Hosting.Dapr.Inboxes;

/// <summary>Reads this process's own topic over one stream, for as long as it has the slot.</summary>
/// <remarks>
/// A broker replays what it kept to a new reader, and trims what it keeps only when something is published. So a probe is published
/// before the stream opens, and again until one comes back: from then on the inbox works. Probes go on at leisure; when the broker takes
/// several and none arrives, nor anything else, the stream is opened anew. Streams are not closed for any other reason, because some
/// brokers lose an event each time.
/// </remarks>
internal sealed partial class Inbox(
    ProcessIdentity self,
    Sidecar sidecar,
    InboxDelivery delivery,
    DaprSettings settings,
    ClusterReadiness readiness,
    RefreshSignal refresh,
    TimeProvider time,
    ILogger<Inbox> logger)
{
    private const int MaxUnread = 256;
    private const int MaxUnansweredFirst = 300;
    private const int MaxUnanswered = 3;
    private static readonly TimeSpan FirstProbeInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan OpenDeadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private int _unanswered;
    private volatile bool _isOpen;
    private volatile bool _isProven;

    /// <summary>A probe came back through this slot's topic: others may send. Stays so while a lost stream is opened again.</summary>
    public bool IsProven => _isProven;

    /// <summary>Keeps the stream of a slot open until cancelled. Completes without an exception.</summary>
    public async Task RunAsync(int slot, CancellationToken cancellationToken)
    {
        _isProven = false;
        var topic = DaprNames.InboxTopic(slot);
        var pause = FirstPause;
        while (!cancellationToken.IsCancellationRequested)
        {
            var opened = time.GetTimestamp();
            var reason = await RunStreamAsync(topic, cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                break;
            }

            if (readiness.Note(ClusterReadiness.Inbox, reason))
            {
                Log.Closed(logger, topic, reason);
            }

            pause = time.GetElapsedTime(opened) > LongestPause ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _isProven = false;
    }

    /// <returns>Why the stream ended.</returns>
    private async Task<string> RunStreamAsync(string topic, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await TryProbeAsync(topic, end.Token);
            using var stream = await OpenAsync(topic, end.Token);
            var queue = Channel.CreateBounded<ReadOnlyMemory<byte>>(new BoundedChannelOptions(MaxUnread) { SingleReader = true, SingleWriter = true });

            // What an earlier stream proved says nothing about this one.
            _isOpen = false;
            readiness.Note(ClusterReadiness.Inbox, "its probe has not come back yet");
            var delivering = DeliverAsync(topic, queue.Reader);
            var reading = ReadAsync(stream, queue.Writer, end.Token);
            var probing = ProbeAsync(topic, end.Token);
            var first = await Task.WhenAny(reading, probing, delivering);
            await end.CancelAsync();
            await Task.WhenAll(reading, probing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

            // What is acknowledged is gone from the broker: it is delivered even when the stream has ended.
            queue.Writer.TryComplete();
            await delivering;
            await first;
            return "the stream ended";
        }
        catch (RpcException exception)
        {
            return $"{exception.StatusCode} {exception.Status.Detail}";
        }
        catch (TimeoutException exception)
        {
            return exception.Message;
        }
        catch (OperationCanceledException)
        {
            return "cancelled";
        }
    }

    private async Task<EventStream> OpenAsync(string topic, CancellationToken cancellationToken)
    {
        using var due = new CancellationTokenSource(OpenDeadline, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, due.Token);
        var stream = sidecar.Subscribe(cancellationToken);
        try
        {
            var initial = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = DaprNames.PubSub, Topic = topic };
            initial.Metadata.Add("rawPayload", "true");
            await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = initial }, deadline.Token);
            if (!await stream.ResponseStream.MoveNext(deadline.Token))
            {
                throw new RpcException(new Status(StatusCode.Unknown, "the stream ended before it began"));
            }

            return stream;
        }
        catch (Exception exception)
        {
            stream.Dispose();
            if (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"the sidecar did not open the stream within {OpenDeadline.TotalSeconds} s", exception);
            }

            throw;
        }
    }

    // An event that is not acknowledged blocks all others, so it is as soon as it is in the queue. A full queue holds the broker back.
    private static async Task ReadAsync(EventStream stream, ChannelWriter<ReadOnlyMemory<byte>> queue, CancellationToken cancellationToken)
    {
        while (await stream.ResponseStream.MoveNext(cancellationToken))
        {
            if (stream.ResponseStream.Current.EventMessage is not { } received)
            {
                continue;
            }

            await queue.WriteAsync(received.Data.Memory, cancellationToken);
            await stream.RequestStream.WriteAsync(
                new SubscribeTopicEventsRequestAlpha1
                {
                    EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1
                    {
                        Id = received.Id,
                        Status = new TopicEventResponse { Status = TopicEventResponse.Types.TopicEventResponseStatus.Success },
                    },
                },
                cancellationToken);
        }
    }

    private async Task DeliverAsync(string topic, ChannelReader<ReadOnlyMemory<byte>> queue)
    {
        await foreach (var data in queue.ReadAllAsync(CancellationToken.None))
        {
            Volatile.Write(ref _unanswered, 0);
            if (delivery.Deliver(data) == EnvelopeVerdict.Probe && !_isOpen)
            {
                _isOpen = _isProven = true;
                readiness.Note(ClusterReadiness.Inbox, null);
                Log.Opened(logger, topic);
                refresh.Request();
            }
        }
    }

    private async Task ProbeAsync(string topic, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _unanswered, 0);
        while (true)
        {
            var isOpen = _isOpen;
            if (await TryProbeAsync(topic, cancellationToken)
                && Interlocked.Increment(ref _unanswered) > (isOpen ? MaxUnanswered : MaxUnansweredFirst))
            {
                throw new TimeoutException("nothing arrives, though the broker takes what is sent");
            }

            await Task.Delay(isOpen ? settings.ProbeInterval : FirstProbeInterval, time, cancellationToken);
        }
    }

    /// <returns>Whether the broker took it.</returns>
    private async Task<bool> TryProbeAsync(string topic, CancellationToken cancellationToken)
    {
        var probe = new WireWriter(Envelope.HeaderBytes);
        Envelope.WriteHeader(probe, new EnvelopeHeader(self.Id, self.Id, 0, 0, time.GetUtcNow().ToUnixTimeMilliseconds()));
        try
        {
            await sidecar.PublishAsync(topic, probe.Written.ToArray(), cancellationToken);
            return true;
        }
        catch (RpcException)
        {
            return false; // What is wrong shows in the stream, or in that this probe does not come back.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The inbox {Topic} is open.")]
        public static partial void Opened(ILogger logger, string topic);

        [LoggerMessage(2, LogLevel.Warning, "The inbox {Topic} is closed and will be opened again: {Reason}")]
        public static partial void Closed(ILogger logger, string topic, string reason);
    }
}
