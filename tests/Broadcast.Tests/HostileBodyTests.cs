using System.Text;
using CsCheck;

namespace Realtime.Broadcast.Tests;

/// <summary>No body makes the service fail.</summary>
public sealed class HostileBodyTests
{
    private static readonly int[] Expected = [202, 400, 404, 415, 422];

    private static readonly Gen<string> Name = Gen.OneOfConst("messages", "topic", "event", "payload", "private", "id", "x", "\\u0074opic", "\\ud800");

    private static readonly Gen<string> Value = Gen.OneOf(
        Gen.OneOfConst(
            "null", "true", "false", "0", "-0", "1e999", "0.1", "{}", "[]", "\"\"", "\" \"", "\"a\"", "\"true\"", "\"\\u0000\"", "\"\\udc00\"",
            "\"\\ud83d\\ude00\"", "{\"a\":1}", "[1,2]", "99999999999999999999", "tru", "\"", "{", "[", "}", "\u00ff"),
        Gen.String[0, 20].Select(s => $"\"{s.Replace("\"", "", StringComparison.Ordinal)}\""));

    private static readonly Gen<string> Message =
        Gen.Select(Name, Value, (name, value) => $"\"{name}\":{value}").Array[0, 6].Select(members => $"{{{string.Join(',', members)}}}");

    private static readonly Gen<byte[]> Body = Gen.OneOf(
        Gen.Byte.Array[0, 60],
        Gen.OneOf(Message, Value).Array[0, 5].Select(m => Encoding.UTF8.GetBytes($$"""{"messages":[{{string.Join(',', m)}}]}""")),
        Message.Select(Encoding.UTF8.GetBytes),
        Value.Select(Encoding.Latin1.GetBytes));

    private static readonly Gen<string?> ContentType =
        Gen.OneOfConst<string?>("application/json", "application/json", "application/octet-stream", "application/x+json", "text/plain", "", null, "a,b", ";");

    private static readonly Gen<string> Path = Gen.OneOf(
        Gen.Const("/api/broadcast"),
        Gen.Select(Gen.String[1, 10], Gen.String[1, 300], (topic, name) => $"/api/broadcast/{Escape(topic)}/events/{Escape(name)}"));

    [Fact]
    public async Task Random_bodies_and_paths_are_never_500()
    {
        await using var host = await BroadcastHost.StartAsync();
        host.Put("acme", new() { MaxEventsPerSecond = 1_000_000, MaxPayloadKilobytes = 0 });

        await Gen.Select(Path, Body, ContentType).SampleAsync(
            async (path, body, contentType) =>
            {
                using var response = await host.PostAsync(path, body, contentType: contentType);
                Assert.Contains((int)response.StatusCode, Expected);
            },
            iter: 3000,
            threads: 2);
    }

    // Halves of surrogate pairs have no percent-encoding.
    private static string Escape(string text) => Uri.EscapeDataString(new string([.. text.Where(c => !char.IsSurrogate(c))])) is { Length: > 0 } escaped ? escaped : "x";
}
