using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Reads the body for endpoints that ask for it, before anything else looks at the request (http-api.md 1.5).</summary>
/// <remarks>
/// Too large is 413, malformed JSON 400, too slow 408. These answers come before request ids, CORS and authentication. The body is
/// held whole in one array: 8,000,000 bytes at most.
/// </remarks>
internal static class RequestBodyReader
{
    /// <summary>Largest body, in bytes.</summary>
    public const int MaxBytes = 8_000_000;

    private static readonly byte[] EmptyObject = "{}"u8.ToArray();

    public static async Task Invoke(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RequestBodyMetadata>() is not null)
        {
            int? refusal;
            try
            {
                refusal = await ReadAsync(context);
            }
            catch (BadHttpRequestException exception)
            {
                refusal = exception.StatusCode;
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                return; // The client left in the middle of its body.
            }

            if (refusal is { } status)
            {
                await ReasonPhrase.WriteAsync(context, status);
                return;
            }
        }

        await next(context);
    }

    private static async Task<int?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBytes)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        var kind = KindOf(context.Request.ContentType);
        if (kind == RequestBodyKind.Unread)
        {
            context.Features.Set(RequestBody.Unread);
            return null;
        }

        if (await ReadAllAsync(context.Request.BodyReader, context.RequestAborted) is not { } bytes)
        {
            return StatusCodes.Status413PayloadTooLarge;
        }

        if (kind == RequestBodyKind.Json)
        {
            if (bytes.Length == 0)
            {
                bytes = EmptyObject;
            }
            else if (!JsonSyntax.IsValid(bytes))
            {
                return StatusCodes.Status400BadRequest;
            }
        }

        context.Features.Set(new RequestBody(kind, bytes));
        return null;
    }

    /// <returns>Null when there is too much.</returns>
    private static async Task<byte[]?> ReadAllAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            if (result.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(result.Buffer.End);
                return null;
            }

            if (result.IsCompleted)
            {
                var bytes = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static RequestBodyKind KindOf(string? contentType)
    {
        var type = MediaType.Of(contentType);
        const StringComparison IgnoreCase = StringComparison.OrdinalIgnoreCase;
        return type.Equals("application/json", IgnoreCase) ? RequestBodyKind.Json
            : type.Equals("application/octet-stream", IgnoreCase) ? RequestBodyKind.Bytes
            : type.StartsWith("application/", IgnoreCase) && type.EndsWith("+json", IgnoreCase) ? RequestBodyKind.Json
            : RequestBodyKind.Unread;
    }
}

/// <summary>Marks an endpoint that takes a <see cref="RequestBody"/>.</summary>
internal sealed class RequestBodyMetadata;
