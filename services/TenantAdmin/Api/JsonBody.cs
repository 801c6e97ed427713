using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Realtime.TenantAdmin.Api;

/// <summary>Answers with a JSON document that has a known length.</summary>
internal sealed class JsonBody : IResult, IStatusCodeHttpResult
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly int _status;
    private readonly ArrayBufferWriter<byte> _body = new();

    public JsonBody(int status, Action<Utf8JsonWriter> write)
    {
        _status = status;
        using var writer = new Utf8JsonWriter(_body, Options);
        write(writer);
    }

    /// <inheritdoc/>
    public int? StatusCode => _status;

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = _status;
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        httpContext.Response.ContentLength = _body.WrittenCount;
        await httpContext.Response.Body.WriteAsync(_body.WrittenMemory, httpContext.RequestAborted);
    }
}
