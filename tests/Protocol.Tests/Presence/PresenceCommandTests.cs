using System.Text;
using Realtime.Protocol.Messages;
using Realtime.Protocol.Presence;

namespace Realtime.Protocol.Tests.Presence;

public sealed class PresenceCommandTests
{
    [Theory]
    [InlineData("""{"type":"presence","event":"track","payload":{"a":1}}""", PresenceCommandKind.Track, """{"a":1}""")]
    [InlineData("""{"payload":{"a":1},"event":"TRacK"}""", PresenceCommandKind.Track, """{"a":1}""")]
    [InlineData("""{"event":"track"}""", PresenceCommandKind.Track, "{}")]
    [InlineData("""{"\u0065vent":"tr\u0061ck"}""", PresenceCommandKind.Track, "{}")]
    [InlineData("""{"event":"track","payload":null}""", PresenceCommandKind.TrackNoObject, "")]
    [InlineData("""{"event":"track","payload":[1]}""", PresenceCommandKind.TrackNoObject, "")]
    [InlineData("""{"event":"track","payload":"{}"}""", PresenceCommandKind.TrackNoObject, "")]
    [InlineData("""{"event":"UNTRACK","payload":5}""", PresenceCommandKind.Untrack, "")]
    [InlineData("""{"event":" track"}""", PresenceCommandKind.Unknown, "")]
    [InlineData("""{"event":""}""", PresenceCommandKind.Unknown, "")]
    [InlineData("""{"event":null}""", PresenceCommandKind.Unknown, "")]
    [InlineData("""{"event":{"event":"track"}}""", PresenceCommandKind.Unknown, "")]
    [InlineData("""{"event":"\ud800"}""", PresenceCommandKind.Unknown, "")]
    [InlineData("""{"type":"presence"}""", PresenceCommandKind.None, "")]
    [InlineData("{}", PresenceCommandKind.None, "")]
    [InlineData("[]", PresenceCommandKind.None, "")]
    [InlineData("null", PresenceCommandKind.None, "")]
    [InlineData("\"track\"", PresenceCommandKind.None, "")]
    public void Messages_are_read(string json, PresenceCommandKind kind, string payload)
    {
        var data = Encoding.UTF8.GetBytes($$"""["1","2","realtime:a","presence",{{json}}]""");
        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, isBinary: false, data, out var message));

        var command = PresenceCommand.Read(message);

        Assert.Equal(kind, command.Kind);
        Assert.Equal(payload, Encoding.UTF8.GetString(command.Payload));
    }

    [Fact]
    public void A_binary_push_has_no_event()
    {
        byte[] data = [0, 1, 1, 10, 8, .. "12"u8, .. "realtime:a"u8, .. "presence"u8, .. """{"event":"track"}"""u8];
        Assert.True(ClientMessageReader.TryRead(ProtocolVersion.V2, isBinary: true, data, out var message));

        Assert.Equal(PresenceCommandKind.None, PresenceCommand.Read(message).Kind);
    }
}
