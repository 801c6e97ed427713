using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Answers <c>{"message":"…"}</c>, or the like under another name (http-api.md section 0, E-MSG and E-ERR).</summary>
public sealed class MessageResult : IResult, IStatusCodeHttpResult
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly byte[] _body;

    private MessageResult(int status, string name, string text)
    {
        Status = status;
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            writer.WriteString(name, text);
            writer.WriteEndObject();
        }

        _body = output.WrittenSpan.ToArray();
    }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    int? IStatusCodeHttpResult.StatusCode => Status;

    /// <summary><c>{"message":text}</c>.</summary>
    public static MessageResult Message(int status, string text) => new(status, "message", text);

    /// <summary><c>{"error":text}</c>.</summary>
    public static MessageResult Error(int status, string text) => new(status, "error", text);

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        return ResponseBody.WriteAsync(httpContext, Status, ResponseBody.Json, _body);
    }
}
