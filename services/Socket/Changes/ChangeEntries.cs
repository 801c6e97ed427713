using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Realtime.Protocol.Changes;
using Realtime.Protocol.Messages;
using Realtime.Socket.Channels;

namespace Realtime.Socket.Changes;

/// <summary>The <c>postgres_changes</c> of a join: what is registered, and how the reply echoes it (protocol.md 3.4, 3.9).</summary>
/// <param name="Entries">Number of entries, valid or not.</param>
/// <param name="Subscriptions">What they ask for; empty when one of them is wrong.</param>
/// <param name="Error">What is wrong; null when nothing is.</param>
/// <param name="Response">The response of the ok reply.</param>
internal sealed record ChangeEntries(
    IReadOnlyList<int> Entries, ImmutableArray<ChangeSubscription> Subscriptions, string? Error, byte[] Response)
{
    private static readonly ChangeEntries None = new([], [], null, "{\"postgres_changes\":[]}"u8.ToArray());
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ClientMessageReader.MaxDepth };

    /// <summary>Reads the entries of a join, or the one that a join without <c>config</c> implies.</summary>
    public static ChangeEntries Read(JoinAttempt attempt)
    {
        IReadOnlyList<byte[]> given = attempt.Request.IsLegacy
            ? [Encoding.UTF8.GetBytes(LegacySubscription.EntryOf(attempt.SubTopic).GetRawText())]
            : attempt.Request.PostgresChanges;
        return given.Count == 0 ? None : Read(given);
    }

    private static ChangeEntries Read(IReadOnlyList<byte[]> given)
    {
        var response = new ArrayBufferWriter<byte>();
        var subscriptions = ImmutableArray.CreateBuilder<ChangeSubscription>(given.Count);
        var ids = new List<int>(given.Count);
        string? firstError = null;
        foreach (var json in given)
        {
            using var document = JsonDocument.Parse(json, Options);
            var id = ChangeSubscriptionId.Of(document.RootElement);
            response.Write(ids.Count == 0 ? "{\"postgres_changes\":["u8 : ","u8);
            Echo(response, json, document.RootElement, id);
            ids.Add(id);
            if (ChangeSubscription.TryParse(document.RootElement, out var subscription, out var error))
            {
                subscriptions.Add(subscription);
            }
            else
            {
                firstError ??= error;
            }
        }

        response.Write("]}"u8);
        return new ChangeEntries(ids, firstError is null ? subscriptions.ToImmutable() : [], firstError, response.WrittenSpan.ToArray());
    }

    // Every key and value as sent, and the id; an id of the client's own is left out.
    private static void Echo(ArrayBufferWriter<byte> output, byte[] json, JsonElement entry, int id)
    {
        var number = id.ToString(CultureInfo.InvariantCulture);
        if (entry.EnumerateObject().Any(member => IsNamedId(member)))
        {
            output.Write("{"u8);
            foreach (var member in entry.EnumerateObject())
            {
                if (!IsNamedId(member))
                {
                    output.Write(Encoding.UTF8.GetBytes(member.ToString()));
                    output.Write(","u8);
                }
            }
        }
        else
        {
            output.Write(json.AsSpan(0, json.Length - 1));
            output.Write(entry.EnumerateObject().Any() ? ","u8 : default);
        }

        output.Write(Encoding.ASCII.GetBytes($"\"id\":{number}}}"));
    }

    private static bool IsNamedId(JsonProperty member)
    {
        try
        {
            return member.NameEquals("id"u8);
        }
        catch (InvalidOperationException)
        {
            // An escaped lone surrogate in the name.
            return false;
        }
    }
}
