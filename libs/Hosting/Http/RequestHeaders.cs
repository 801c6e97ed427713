using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Realtime.Hosting.Http;

/// <summary>Request headers as row-level security policies see them.</summary>
public static class RequestHeaders
{
    /// <summary>A JSON object with names in lower case; of repeated headers the last wins (http-api.md 8.4).</summary>
    public static string ToJson(IHeaderDictionary headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var output = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            foreach (var (name, values) in headers)
            {
                writer.WriteString(name.ToLowerInvariant(), values.Count == 0 ? "" : values[^1]);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
