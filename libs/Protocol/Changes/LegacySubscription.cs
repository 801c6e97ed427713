using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Realtime.Protocol.Changes;

/// <summary>The change subscription that a join without <c>config</c> implies by its topic (protocol.md 3.9).</summary>
public static class LegacySubscription
{
    private static readonly string[] Members = ["schema", "table", "filter"];

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The entry as a client would have sent it, to be parsed and to be echoed in the join reply.</summary>
    /// <param name="subTopic"><c>schema</c>, <c>schema:table</c> or <c>schema:table:filter</c>; only the first two colons separate.</param>
    public static JsonElement EntryOf(string subTopic)
    {
        ArgumentNullException.ThrowIfNull(subTopic);
        var output = new ArrayBufferWriter<byte>(subTopic.Length + 64);
        using (var writer = new Utf8JsonWriter(output, Relaxed))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in Members.Zip(subTopic.Split(':', Members.Length)))
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(output.WrittenSpan);
    }
}
