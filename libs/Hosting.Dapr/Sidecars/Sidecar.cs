using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using SidecarApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Realtime.Hosting.Dapr.Sidecars;

/// <summary>The gRPC connection to this process's sidecar. Nothing here waits for the sidecar to be up; a lost connection comes back by itself.</summary>
/// <remarks>Calls throw <see cref="RpcException"/>, also at their deadline, and <see cref="OperationCanceledException"/> when the caller cancels.</remarks>
internal sealed class Sidecar : IDisposable
{
    private static readonly TimeSpan PublishDeadline = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StateDeadline = TimeSpan.FromSeconds(2);

    private readonly GrpcChannel _channel;
    private readonly SidecarApi _api;
    private readonly Metadata _headers = [];
    private readonly TimeProvider _time;

    public Sidecar(DaprSettings settings, TimeProvider time)
    {
        _time = time;
        if (settings.ApiToken is { } token)
        {
            _headers.Add("dapr-api-token", token);
        }

        _channel = GrpcChannel.ForAddress(settings.GrpcEndpoint, new GrpcChannelOptions
        {
            // The sidecar's own default for one message is 4 MiB; what it lets pass must not fail here.
            MaxReceiveMessageSize = 64 * 1024 * 1024,
            MaxSendMessageSize = 64 * 1024 * 1024,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
            MaxReconnectBackoff = TimeSpan.FromSeconds(1),
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(2),
                EnableMultipleHttp2Connections = true,
                KeepAlivePingDelay = TimeSpan.FromSeconds(10),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(5),
                KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            },
        });
        _api = new SidecarApi(_channel);
    }

    /// <summary>Publishes bytes as they are; returns when the broker has them.</summary>
    public async Task PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var request = new PublishEventRequest
        {
            PubsubName = DaprNames.PubSub,
            Topic = topic,
            Data = ByteString.CopyFrom(data.Span),
            DataContentType = "application/octet-stream",
        };
        request.Metadata.Add("rawPayload", "true");
        await AnswerAsync(_api.PublishEventAsync(request, Options(PublishDeadline, cancellationToken)), cancellationToken);
    }

    /// <summary>Opens a stream of events; the caller sends the initial request and disposes the call. Cancelled, it throws status CANCELLED.</summary>
    public AsyncDuplexStreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> Subscribe(
        CancellationToken cancellationToken) => _api.SubscribeTopicEventsAlpha1(new CallOptions(_headers, cancellationToken: cancellationToken));

    /// <summary>Reads several keys; those that are missing come back without data.</summary>
    public async Task<IReadOnlyList<BulkStateItem>> ReadStatesAsync(IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        var request = new GetBulkStateRequest { StoreName = DaprNames.StateStore, Parallelism = 10 };
        request.Keys.AddRange(keys);
        var response = await AnswerAsync(_api.GetBulkStateAsync(request, Options(StateDeadline, cancellationToken)), cancellationToken);
        return response.Items;
    }

    /// <summary>Writes a state if it still has the etag, or does not exist when <paramref name="etag"/> is null.</summary>
    public async Task WriteStateAsync(
        string key, ReadOnlyMemory<byte> value, string? etag, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var item = new StateItem
        {
            Key = key,
            Value = ByteString.CopyFrom(value.Span),
            Options = FirstWrite,
        };
        if (etag is not null)
        {
            item.Etag = new Etag { Value = etag };
        }

        item.Metadata.Add("ttlInSeconds", Math.Max(1, (int)timeToLive.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
        item.Metadata.Add("contentType", "application/json");
        var request = new SaveStateRequest { StoreName = DaprNames.StateStore, States = { item } };
        await AnswerAsync(_api.SaveStateAsync(request, Options(StateDeadline, cancellationToken)), cancellationToken);
    }

    /// <summary>Removes a state if it still has the etag.</summary>
    public async Task DeleteStateAsync(string key, string etag, CancellationToken cancellationToken)
    {
        var request = new DeleteStateRequest { StoreName = DaprNames.StateStore, Key = key, Etag = new Etag { Value = etag }, Options = FirstWrite };
        await AnswerAsync(_api.DeleteStateAsync(request, Options(StateDeadline, cancellationToken)), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();

    private static StateOptions FirstWrite => new() { Concurrency = StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite };

    // Not by the channel's option: that one makes a missed deadline look like a cancellation.
    private static async Task<T> AnswerAsync<T>(AsyncUnaryCall<T> call, CancellationToken cancellationToken)
    {
        using (call)
        {
            try
            {
                return await call;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(exception.Message, exception, cancellationToken);
            }
        }
    }

    private CallOptions Options(TimeSpan deadline, CancellationToken cancellationToken) =>
        new(_headers, _time.GetUtcNow().UtcDateTime + deadline, cancellationToken);
}
