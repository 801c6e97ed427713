using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Realtime.Protocol.Changes;

/// <summary>What an entry of <c>postgres_changes</c> in a join asks for (protocol.md 7.1).</summary>
public sealed record ChangeSubscription
{
    /// <summary>Stands for every schema or every table.</summary>
    public const string Wildcard = "*";

    private const string SelectIsString =
        "Error parsing `select` params: expected a list of column name strings, e.g. select: [\"col1\", \"col2\"]";

    private const string SelectWithWildcard =
        "Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.";

    private const string NoParams =
        "No subscription params provided. Please provide at least a `schema` or `table` to subscribe to: ";

    /// <summary>The id in the join reply and in <c>ids</c> of the changes; entries of the same content share it.</summary>
    public required int Id { get; init; }

    /// <summary>The kinds of change asked for.</summary>
    public required ChangeEvents Events { get; init; }

    /// <summary>Exact name of a schema, or <see cref="Wildcard"/>.</summary>
    public required string Schema { get; init; }

    /// <summary>Exact name of a table, or <see cref="Wildcard"/>.</summary>
    public required string Table { get; init; }

    /// <summary>The conditions; <see cref="FilterGroup.Empty"/> for none.</summary>
    public required FilterGroup Filter { get; init; }

    /// <summary>Names of the columns asked for, in the order given, never empty; null for all columns.</summary>
    public required ImmutableArray<string>? Select { get; init; }

    /// <summary>Whether a published table is meant. Names are compared exactly; only <c>*</c> is a wildcard.</summary>
    public bool Covers(string schema, string table) =>
        (Schema == Wildcard || Schema == schema) && (Table == Wildcard || Table == table);

    /// <summary>Reads one non-null element of <c>postgres_changes</c>, or an entry of <see cref="LegacySubscription"/>.</summary>
    /// <param name="entry">An object; any other kind gives the error of an entry without usable members.</param>
    /// <param name="subscription">What it asks for; it keeps nothing of the element's document.</param>
    /// <param name="error">The complete text for the <c>system</c> message.</param>
    public static bool TryParse(
        JsonElement entry, [NotNullWhen(true)] out ChangeSubscription? subscription, [NotNullWhen(false)] out string? error)
    {
        subscription = null;
        var select = Member(entry, "select");
        if (select.ValueKind == JsonValueKind.String)
        {
            error = SelectIsString;
            return false;
        }

        if (!TryReadTarget(entry, out var schema, out var table, out var filterText))
        {
            error = NoParams + Redacted(entry);
            return false;
        }

        if (!FilterParser.TryParse(filterText, out var filter, out error))
        {
            return false;
        }

        var columns = Columns(select);
        if (columns is not null && (schema == Wildcard || table == Wildcard))
        {
            error = SelectWithWildcard;
            return false;
        }

        var events = Member(entry, "event");
        subscription = new ChangeSubscription
        {
            Id = ChangeSubscriptionId.Of(entry),
            Events = ChangeEventNames.Parse(events.ValueKind == JsonValueKind.String ? SafeJson.Text(events) : null),
            Schema = schema,
            Table = table,
            Filter = filter,
            Select = columns,
        };
        return true;
    }

    // schema+table+filter, schema+table, schema only, table only; each a string.
    private static bool TryReadTarget(JsonElement entry, out string schema, out string table, out string filter)
    {
        var (s, t, f) = (Member(entry, "schema"), Member(entry, "table"), Member(entry, "filter"));
        (schema, table, filter) = (Text(s, "public"), Text(t, Wildcard), Text(f, ""));
        return (s.ValueKind, t.ValueKind, f.ValueKind) is
            (JsonValueKind.String, JsonValueKind.String, JsonValueKind.String or JsonValueKind.Undefined)
            or (JsonValueKind.String, JsonValueKind.Undefined, JsonValueKind.Undefined)
            or (JsonValueKind.Undefined, JsonValueKind.String, JsonValueKind.Undefined);
    }

    private static ImmutableArray<string>? Columns(JsonElement select)
    {
        if (select.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var columns = select.EnumerateArray().Where(c => c.ValueKind == JsonValueKind.String).Select(SafeJson.Text).ToImmutableArray();
        return columns.IsEmpty ? null : columns;
    }

    private static string Redacted(JsonElement entry) =>
        Member(entry, "user_token").ValueKind != JsonValueKind.Undefined || Member(entry, "auth_token").ValueKind != JsonValueKind.Undefined
            ? "<redacted>"
            : DebugText.Map(entry);

    private static JsonElement Member(JsonElement entry, string name) =>
        entry.ValueKind == JsonValueKind.Object ? SafeJson.Member(entry, name) : default;

    private static string Text(JsonElement value, string absent) => value.ValueKind == JsonValueKind.String ? SafeJson.Text(value) : absent;
}
