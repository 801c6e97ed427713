using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Realtime.Sidecar;

/// <summary>One gRPC call as the server sees it: messages of five bytes of head and a body, the status in the trailers.</summary>
internal sealed class GrpcCall(HttpContext context)
{
    /// <summary>The sidecar's default limit for one message.</summary>
    public const int MaxMessageBytes = 4 * 1024 * 1024;

    public CancellationToken Aborted => context.RequestAborted;

    /// <returns>Null when the client has sent its last message.</returns>
    public async Task<T?> ReadAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            if (TryParse(result.Buffer, parser, out var message, out var consumed))
            {
                reader.AdvanceTo(consumed);
                return message;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    public async Task WriteAsync(IMessage message)
    {
        Begin();
        var output = context.Response.BodyWriter;
        Write(output, message);
        await output.FlushAsync(context.RequestAborted);
    }

    public async Task EndAsync(StatusCode status, string detail)
    {
        Begin();
        context.Response.AppendTrailer("grpc-status", ((int)status).ToString(CultureInfo.InvariantCulture));
        if (detail.Length > 0)
        {
            context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(detail));
        }

        await context.Response.CompleteAsync();
    }

    private void Begin()
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = "application/grpc";
        }
    }

    private static void Write(PipeWriter output, IMessage message)
    {
        var length = message.CalculateSize();
        var head = output.GetSpan(5);
        head[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], length);
        output.Advance(5);
        message.WriteTo(output);
    }

    private static bool TryParse<T>(ReadOnlySequence<byte> buffer, MessageParser<T> parser, out T? message, out SequencePosition consumed)
        where T : class, IMessage<T>
    {
        (message, consumed) = (null, buffer.Start);
        if (buffer.Length < 5)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[5];
        buffer.Slice(0, 5).CopyTo(head);
        var length = BinaryPrimitives.ReadInt32BigEndian(head[1..]);
        if (length > MaxMessageBytes)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"grpc: received message larger than max ({length} vs. {MaxMessageBytes})"));
        }

        if (buffer.Length < 5 + length)
        {
            return false;
        }

        message = parser.ParseFrom(buffer.Slice(5, length));
        consumed = buffer.GetPosition(5 + length);
        return true;
    }
}
