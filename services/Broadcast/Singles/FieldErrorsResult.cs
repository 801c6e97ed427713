using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Realtime.Broadcast.Singles;

/// <summary>Answers 422 with <c>{"errors":{"field":["text"]}}</c>.</summary>
internal sealed class FieldErrorsResult(IReadOnlyList<(string Field, string Text)> errors) : IResult
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("errors");
            foreach (var (field, text) in errors)
            {
                writer.WriteStartArray(field);
                writer.WriteStringValue(text);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = output.WrittenCount;
        await response.Body.WriteAsync(output.WrittenMemory, httpContext.RequestAborted);
    }
}
