using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Realtime.Sidecar;

/// <summary>Stands in for the sidecar of one application: pub/sub and state over gRPC, service invocation over HTTP.</summary>
/// <remarks>It keeps its ports when it is stopped or killed, so that it can come back.</remarks>
public sealed class StandInSidecar(StandInCluster cluster, string appId) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ConnectionContext> _connections = new();
    private readonly int[] _ports = [FreePort(), FreePort()];
    private Running? _running;

    /// <summary>The gRPC API.</summary>
    public Uri GrpcEndpoint => new($"http://127.0.0.1:{_ports[0]}");

    /// <summary>The HTTP API.</summary>
    public Uri HttpEndpoint => new($"http://127.0.0.1:{_ports[1]}");

    /// <summary>Starts it, also again.</summary>
    public async Task StartAsync()
    {
        var stopping = new CancellationTokenSource();
        var streams = new EventStreams(cluster, stopping.Token);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinRequestBodyDataRate = null;
            options.Listen(IPAddress.Loopback, _ports[0], listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.Use(TrackAsync);
            });
            options.Listen(IPAddress.Loopback, _ports[1], listen => listen.Use(TrackAsync));
        });
        var app = builder.Build();
        var invocations = new Invocations(cluster, appId);
        app.Run(context => context.Request.Path.StartsWithSegments("/dapr.proto.runtime.v1.Dapr", out var method)
            ? ServeGrpcAsync(context, method.Value!.TrimStart('/'), streams)
            : invocations.ServeAsync(context));
        await app.StartAsync();
        _running = new Running(app, streams, invocations, stopping);
    }

    /// <summary>Ends it in order: streams end with status 2, "stream closed".</summary>
    public Task StopAsync() => EndAsync(isKilled: false);

    /// <summary>Ends it as <c>kill -9</c> does: all connections break.</summary>
    public Task KillAsync() => EndAsync(isKilled: true);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task EndAsync(bool isKilled)
    {
        if (Interlocked.Exchange(ref _running, null) is not { } running)
        {
            return;
        }

        if (isKilled)
        {
            foreach (var connection in _connections.Values)
            {
                connection.Abort();
            }
        }

        await running.Stopping.CancelAsync();
        using var patience = new CancellationTokenSource(isKilled ? TimeSpan.Zero : TimeSpan.FromSeconds(2));
        await running.App.StopAsync(patience.Token);
        await running.App.DisposeAsync();
        running.Invocations.Dispose();
        running.Streams.Dispose();
        running.Stopping.Dispose();
    }

    private Func<ConnectionDelegate, ConnectionDelegate> TrackAsync => next => async connection =>
    {
        _connections[connection.ConnectionId] = connection;
        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(connection.ConnectionId, out _);
        }
    };

    private async Task ServeGrpcAsync(HttpContext context, string method, EventStreams streams)
    {
        var call = new GrpcCall(context);
        try
        {
            await (method switch
            {
                "PublishEvent" => AnswerAsync(call, PublishEventRequest.Parser, PublishAsync),
                "SubscribeTopicEventsAlpha1" => streams.ServeAsync(call),
                "GetBulkState" => AnswerAsync(call, GetBulkStateRequest.Parser, ReadStatesAsync),
                "SaveState" => AnswerAsync(call, SaveStateRequest.Parser, SaveStateAsync),
                "DeleteState" => AnswerAsync(call, DeleteStateRequest.Parser, DeleteStateAsync),
                _ => throw new RpcException(new Status(StatusCode.Unimplemented, $"unknown method {method}")),
            });
            await call.EndAsync(StatusCode.OK, "");
        }
        catch (RpcException exception)
        {
            await call.EndAsync(exception.StatusCode, exception.Status.Detail);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            context.Abort();
        }
    }

    private static async Task AnswerAsync<T>(GrpcCall call, MessageParser<T> parser, Func<T, CancellationToken, Task<IMessage>> answer)
        where T : class, IMessage<T>
    {
        var request = await call.ReadAsync(parser) ?? throw new RpcException(new Status(StatusCode.Internal, "no request"));
        await call.WriteAsync(await answer(request, call.Aborted));
    }

    private async Task<IMessage> PublishAsync(PublishEventRequest request, CancellationToken cancellationToken)
    {
        if (request.PubsubName != cluster.PubSub)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"pubsub {request.PubsubName} is not found"));
        }

        var isRaw = request.Metadata.TryGetValue("rawPayload", out var raw) && raw == "true";
        await cluster.Broker.PublishAsync(request.Topic, request.Data.ToByteArray(), isRaw, cancellationToken);
        return new Empty();
    }

    private Task<IMessage> ReadStatesAsync(GetBulkStateRequest request, CancellationToken cancellationToken)
    {
        CheckStore(request.StoreName);
        var response = new GetBulkStateResponse();
        foreach (var key in request.Keys)
        {
            var item = new BulkStateItem { Key = key };
            if (cluster.States.Read(key) is { } found)
            {
                (item.Data, item.Etag) = (ByteString.CopyFrom(found.Data), found.Etag);
            }

            response.Items.Add(item);
        }

        return Task.FromResult<IMessage>(response);
    }

    private Task<IMessage> SaveStateAsync(SaveStateRequest request, CancellationToken cancellationToken)
    {
        CheckStore(request.StoreName);
        foreach (var item in request.States)
        {
            TimeSpan? timeToLive = item.Metadata.TryGetValue("ttlInSeconds", out var seconds)
                ? TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture))
                : null;
            if (!cluster.States.TryWrite(item.Key, item.Value.ToByteArray(), item.Etag?.Value, timeToLive))
            {
                throw new RpcException(item.Etag is null
                    ? new Status(StatusCode.Internal, $"failed to set key {item.Key}")
                    : new Status(StatusCode.Aborted, $"possible etag mismatch. error from state store: {item.Key}"));
            }
        }

        return Task.FromResult<IMessage>(new Empty());
    }

    private Task<IMessage> DeleteStateAsync(DeleteStateRequest request, CancellationToken cancellationToken)
    {
        CheckStore(request.StoreName);
        return cluster.States.TryDelete(request.Key, request.Etag?.Value ?? "")
            ? Task.FromResult<IMessage>(new Empty())
            : throw new RpcException(new Status(StatusCode.Aborted, "possible etag mismatch"));
    }

    private void CheckStore(string name)
    {
        if (name != cluster.StateStore)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"state store {name} is not found"));
        }

        if (cluster.States.IsDown)
        {
            throw new RpcException(new Status(StatusCode.Internal, "the state store does not answer"));
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record Running(WebApplication App, EventStreams Streams, Invocations Invocations, CancellationTokenSource Stopping);
}
