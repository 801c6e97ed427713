using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Realtime.Protocol.Changes;

/// <summary>The integer by which a client knows a subscription (protocol.md 3.4).</summary>
/// <remarks>
/// The first four bytes, big-endian, of the SHA-256 of the entry's canonical JSON, modulo 2^27 - 1, plus one: so 1 to 2^27 - 1, the
/// same on every node and after every restart. Canonical is: members sorted by name, the last of a name, no white space, numbers as
/// written, without a member <c>id</c> of the client's own.
/// </remarks>
public static class ChangeSubscriptionId
{
    private const uint Count = (1u << 27) - 1;

    private static readonly JsonWriterOptions Canonical = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = 1_000,
    };

    /// <summary>The id of an entry of <c>postgres_changes</c>, whether it is valid or not.</summary>
    public static int Of(JsonElement entry)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(output, Canonical))
        {
            Write(writer, entry, isEntry: true);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(output.WrittenSpan, hash);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % Count) + 1;
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, bool isEntry)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, member) in SafeJson.Members(value))
                {
                    if (!isEntry || name != "id")
                    {
                        writer.WritePropertyName(name);
                        Write(writer, member, isEntry: false);
                    }
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(writer, item, isEntry: false);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(SafeJson.Text(value));
                break;
            case JsonValueKind.Undefined:
                writer.WriteNullValue();
                break;
            default:
                writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
                break;
        }
    }
}
