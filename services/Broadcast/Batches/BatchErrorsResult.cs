using System.IO.Pipelines;
using System.Text;

namespace Realtime.Broadcast.Batches;

/// <summary>Answers 422 with one object for each message of a batch, <c>{}</c> for valid ones (http-api.md 8.1.3).</summary>
/// <remarks>Written piece by piece: a body of 8 MB can hold millions of wrong messages.</remarks>
internal sealed class BatchErrorsResult(Batch batch) : IResult
{
    private const int FlushBytes = 32_768;

    private static readonly (MessageErrors Error, string Json)[] Texts =
    [
        (MessageErrors.TopicBlank, """ "topic":["can't be blank"] """),
        (MessageErrors.TopicInvalid, """ "topic":["is invalid"] """),
        (MessageErrors.PayloadBlank, """ "payload":["can't be blank"] """),
        (MessageErrors.PayloadInvalid, """ "payload":["is invalid"] """),
        (MessageErrors.PayloadTooLarge, """ "payload":["Payload size exceeds tenant limit"] """),
        (MessageErrors.EventBlank, """ "event":["can't be blank"] """),
        (MessageErrors.EventInvalid, """ "event":["is invalid"] """),
        (MessageErrors.PrivateInvalid, """ "private":["is invalid"] """),
        (MessageErrors.IdInvalid, """ "id":["is invalid"] """),
    ];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (head, tail) = ("{\"errors\":{\"messages\":["u8.ToArray(), "]}}"u8.ToArray());
        var objects = ObjectsOf(batch);
        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = head.Length + tail.Length + (batch.ListError is { } listError
            ? listError.Length + 2
            : batch.Errors.Sum(e => (long)objects[e].Length) + batch.Errors.Count - 1);

        var writer = response.BodyWriter;
        Write(writer, head);
        if (batch.ListError is { } text)
        {
            Write(writer, Encoding.UTF8.GetBytes($"\"{text}\""));
        }
        else
        {
            await WriteObjectsAsync(writer, objects, httpContext.RequestAborted);
        }

        Write(writer, tail);
        await writer.FlushAsync(httpContext.RequestAborted);
    }

    private async Task WriteObjectsAsync(PipeWriter writer, Dictionary<MessageErrors, byte[]> objects, CancellationToken cancellationToken)
    {
        for (var i = 0; i < batch.Errors.Count; i++)
        {
            if (i > 0)
            {
                Write(writer, ","u8);
            }

            Write(writer, objects[batch.Errors[i]]);
            if (writer.UnflushedBytes >= FlushBytes && (await writer.FlushAsync(cancellationToken)).IsCompleted)
            {
                return; // The client left.
            }
        }
    }

    private static void Write(PipeWriter writer, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(writer.GetSpan(bytes.Length));
        writer.Advance(bytes.Length);
    }

    private static Dictionary<MessageErrors, byte[]> ObjectsOf(Batch batch) => batch.Errors.Distinct().ToDictionary(
        errors => errors,
        errors => Encoding.UTF8.GetBytes(
            "{" + string.Join(',', Texts.Where(t => errors.HasFlag(t.Error)).Select(t => t.Json.Trim())) + "}"));
}
