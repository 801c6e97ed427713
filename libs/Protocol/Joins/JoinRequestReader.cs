using System.Globalization;
using System.Text;
using System.Text.Json;
using Realtime.Protocol.Messages;

namespace Realtime.Protocol.Joins;

/// <summary>Reads join payloads with the leniency that clients rely on (protocol.md 3.2).</summary>
public static class JoinRequestReader
{
    private const int DefaultReplayLimit = 25;
    private const long LastReplayMillisecond = 253_402_300_799_999; // the end of year 9999

    /// <summary>Reads a payload of a text message.</summary>
    /// <param name="payload">One valid JSON value.</param>
    /// <param name="request">The request when the payload can be read.</param>
    /// <param name="error">Why the join fails, the text after <c>UnknownErrorOnChannel: </c>.</param>
    public static bool TryRead(ReadOnlySpan<byte> payload, out JoinRequest request, out string error)
    {
        try
        {
            var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = ClientMessageReader.MaxDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            return TryRead(document.RootElement, out request, out error);
        }
        catch (InvalidOperationException)
        {
            // A name with an escaped lone surrogate cannot be compared with any other.
            request = new JoinRequest();
            error = "expected params to be valid JSON text";
            return false;
        }
    }

    private static bool TryRead(JsonElement root, out JoinRequest request, out string error)
    {
        request = new JoinRequest();
        error = "";
        if (root.ValueKind != JsonValueKind.Object)
        {
            error = $"expected params to be a :map, got: `{Describe(root)}`";
            return false;
        }

        var reader = new FieldReader();
        request = request with
        {
            IsLegacy = !root.TryGetProperty("config", out var config),
            Token = TokenOf(reader, root),
        };
        if (!request.IsLegacy && !TryReadConfig(reader, config, ref request, out error))
        {
            return false;
        }

        request = request with { InvalidFields = reader.InvalidFields };
        return true;
    }

    private static bool TryReadConfig(FieldReader reader, JsonElement config, ref JoinRequest request, out string error)
    {
        error = "";
        if (!IsObjectOrNull(config))
        {
            error = "no function clause matching in Access.get/3";
            return false;
        }

        if (config.ValueKind == JsonValueKind.Null)
        {
            return true;
        }

        request = request with { IsPrivate = reader.Boolean(config, "private") };
        if (config.TryGetProperty("broadcast", out var broadcast))
        {
            if (!IsObjectOrNull(broadcast))
            {
                error = "no function clause matching in Access.get/3";
                return false;
            }

            request = ReadBroadcast(reader, broadcast, request);
        }

        if (config.TryGetProperty("presence", out var presence) && presence.ValueKind != JsonValueKind.Null)
        {
            request = ReadPresence(reader, presence, request);
        }

        return !config.TryGetProperty("postgres_changes", out var changes) || TryReadChanges(changes, ref request, out error);
    }

    private static JoinRequest ReadBroadcast(FieldReader reader, JsonElement broadcast, JoinRequest request)
    {
        if (broadcast.ValueKind == JsonValueKind.Null)
        {
            return request;
        }

        var hasReplay = broadcast.TryGetProperty("replay", out var replay);
        return request with
        {
            ReceivesOwnBroadcasts = reader.Boolean(broadcast, "self"),
            AcknowledgesBroadcasts = reader.Boolean(broadcast, "ack"),
            WantsReplicationReady = broadcast.TryGetProperty("replication_ready", out var ready)
                && ready.ValueKind is not (JsonValueKind.Null or JsonValueKind.False),
            HasReplay = hasReplay,
            Replay = hasReplay && replay.ValueKind == JsonValueKind.Object ? ReadReplay(replay) : null,
        };
    }

    private static ReplayRequest ReadReplay(JsonElement replay)
    {
        var hasSince = TryGetInteger(replay, "since", out var since) && since <= LastReplayMillisecond;
        var limit = (long)DefaultReplayLimit;
        var hasLimit = !replay.TryGetProperty("limit", out var given) || given.ValueKind == JsonValueKind.Null
            || TryGetInteger(replay, "limit", out limit);
        return new ReplayRequest(hasSince ? since : null, limit, hasSince && hasLimit);
    }

    private static JoinRequest ReadPresence(FieldReader reader, JsonElement presence, JoinRequest request)
    {
        if (presence.ValueKind != JsonValueKind.Object)
        {
            reader.Invalid("presence");
            return request;
        }

        return request with
        {
            EnablesPresence = reader.Boolean(presence, "enabled"),
            PresenceKey = presence.TryGetProperty("key", out var key) ? PresenceKeyOf(key) : "",
        };
    }

    // Blank keys, objects and arrays count as absent (protocol.md 6.5).
    private static string PresenceKeyOf(JsonElement key) => key.ValueKind switch
    {
        JsonValueKind.String => FieldReader.TextOf(key) is { } text && !string.IsNullOrWhiteSpace(text) ? text : "",
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => key.GetRawText(),
        _ => "",
    };

    private static bool TryReadChanges(JsonElement changes, ref JoinRequest request, out string error)
    {
        error = "";
        if (changes.ValueKind != JsonValueKind.Array)
        {
            return true;
        }

        var entries = new List<byte[]>(changes.GetArrayLength());
        foreach (var entry in changes.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object)
            {
                entries.Add(Encoding.UTF8.GetBytes(entry.GetRawText()));
            }
            else if (entry.ValueKind != JsonValueKind.Null)
            {
                error = $"expected a map, got:\n\n    {Describe(entry)}\n";
                return false;
            }
        }

        request = request with { PostgresChanges = entries };
        return true;
    }

    // access_token, unless user_token is a string too; a key that starts with sb_ stands for the connection's token (protocol.md 4.1).
    private static string? TokenOf(FieldReader reader, JsonElement root)
    {
        var access = reader.Token(root, "access_token");
        var user = reader.Token(root, "user_token");
        return (access ?? user) is { } first && first.StartsWith("sb_", StringComparison.Ordinal) ? null : user ?? access;
    }

    private static bool TryGetInteger(JsonElement element, string name, out long value)
    {
        value = 0;
        return element.TryGetProperty(name, out var number) && number.ValueKind == JsonValueKind.Number
            && long.TryParse(number.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    private static bool IsObjectOrNull(JsonElement element) => element.ValueKind is JsonValueKind.Object or JsonValueKind.Null;

    // Bounded, because it is sent back.
    private static string Describe(JsonElement element)
    {
        var text = element.ValueKind == JsonValueKind.Null ? "nil" : element.GetRawText();
        return text.Length <= 200 ? text : text[..200] + "…";
    }

    /// <summary>Reads single fields and remembers those that were invalid.</summary>
    private sealed class FieldReader
    {
        private readonly List<string> _invalidFields = [];

        public IReadOnlyList<string> InvalidFields => _invalidFields;

        public void Invalid(string name) => _invalidFields.Add(name);

        // true, false, or these words in any case; null and absence are false.
        public bool Boolean(JsonElement parent, string name)
        {
            if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.False)
            {
                return false;
            }

            if (value.ValueKind == JsonValueKind.True)
            {
                return true;
            }

            switch (value.ValueKind == JsonValueKind.String ? TextOf(value)?.ToLowerInvariant() : null)
            {
                case "true":
                    return true;
                case "false":
                    return false;
                default:
                    Invalid(name);
                    return false;
            }
        }

        public string? Token(JsonElement parent, string name)
        {
            if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null or JsonValueKind.False)
            {
                return null;
            }

            if (value.ValueKind == JsonValueKind.String && TextOf(value) is { } text)
            {
                return text;
            }

            Invalid(name);
            return null;
        }

        // Null for an escaped lone surrogate, which is no text.
        public static string? TextOf(JsonElement value)
        {
            try
            {
                return value.GetString();
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }
    }
}
