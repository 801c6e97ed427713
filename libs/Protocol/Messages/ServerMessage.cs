using System.Buffers;
using System.Text;
using Realtime.Protocol.Json;
using Realtime.Protocol.WebSockets;

namespace Realtime.Protocol.Messages;

/// <summary>Encodes what the server says to one client, as complete WebSocket frames (protocol.md sections 2.1, 2.2 and 3).</summary>
/// <remarks>Refs are JSON values as the client sent them; an empty one is written as null.</remarks>
public static class ServerMessage
{
    /// <summary>A <c>phx_reply</c>.</summary>
    /// <param name="version">Serializer of the receiver.</param>
    /// <param name="joinRef">The channel's join reference; version 1 never sees it.</param>
    /// <param name="reference">Reference of the message that is answered.</param>
    /// <param name="topic">Topic in UTF-8.</param>
    /// <param name="isOk">Status <c>ok</c> or <c>error</c>.</param>
    /// <param name="response">The response as JSON.</param>
    public static byte[] Reply(
        ProtocolVersion version,
        ReadOnlySpan<byte> joinRef,
        ReadOnlySpan<byte> reference,
        ReadOnlySpan<byte> topic,
        bool isOk,
        ReadOnlySpan<byte> response)
    {
        var output = Begin(version, joinRef, reference, topic, "phx_reply"u8, response.Length + 48);
        output.Write(isOk ? "{\"status\":\"ok\",\"response\":"u8 : "{\"status\":\"error\",\"response\":"u8);
        output.Write(response);
        output.Write("}"u8);
        return End(output, version, reference);
    }

    /// <summary>An error reply with the response <c>{"reason":…}</c>.</summary>
    public static byte[] ErrorReply(
        ProtocolVersion version, ReadOnlySpan<byte> joinRef, ReadOnlySpan<byte> reference, ReadOnlySpan<byte> topic, string reason)
    {
        var response = new ArrayBufferWriter<byte>();
        response.Write("{\"reason\":"u8);
        JsonText.WriteString(response, Encoding.UTF8.GetBytes(reason));
        response.Write("}"u8);
        return Reply(version, joinRef, reference, topic, isOk: false, response.WrittenSpan);
    }

    /// <summary>A message that no client message asked for.</summary>
    public static byte[] Push(
        ProtocolVersion version,
        ReadOnlySpan<byte> joinRef,
        ReadOnlySpan<byte> reference,
        ReadOnlySpan<byte> topic,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> payload)
    {
        var output = Begin(version, joinRef, reference, topic, name, payload.Length);
        output.Write(payload);
        return End(output, version, reference);
    }

    /// <summary>A <c>system</c> message of a channel (protocol.md 9.1).</summary>
    /// <param name="version">Serializer of the receiver.</param>
    /// <param name="joinRef">The channel's join reference.</param>
    /// <param name="topic">Topic in UTF-8, with its prefix.</param>
    /// <param name="extension"><c>system</c> or <c>postgres_changes</c>.</param>
    /// <param name="isOk">Status <c>ok</c> or <c>error</c>.</param>
    /// <param name="message">The text; part of the contract.</param>
    public static byte[] System(
        ProtocolVersion version, ReadOnlySpan<byte> joinRef, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> extension, bool isOk, string message)
    {
        var payload = new ArrayBufferWriter<byte>();
        payload.Write("{\"extension\":\""u8);
        payload.Write(extension);
        payload.Write(isOk ? "\",\"status\":\"ok\",\"message\":"u8 : "\",\"status\":\"error\",\"message\":"u8);
        JsonText.WriteString(payload, Encoding.UTF8.GetBytes(message));
        payload.Write(",\"channel\":"u8);
        JsonText.WriteString(payload, ChannelTopic.SubTopicOf(topic));
        payload.Write("}"u8);
        return Push(version, joinRef, default, topic, "system"u8, payload.WrittenSpan);
    }

    /// <summary>The <c>system</c> message before a forced disconnect; it names no channel (protocol.md 1.8).</summary>
    public static byte[] DisconnectRequested(ProtocolVersion version, ReadOnlySpan<byte> topic) => Push(
        version, default, default, topic, "system"u8,
        "{\"extension\":\"system\",\"status\":\"ok\",\"message\":\"Server requested disconnect\"}"u8);

    // {"topic":…,"event":…,"payload": or [join_ref,ref,topic,event,
    private static ArrayBufferWriter<byte> Begin(
        ProtocolVersion version,
        ReadOnlySpan<byte> joinRef,
        ReadOnlySpan<byte> reference,
        ReadOnlySpan<byte> topic,
        ReadOnlySpan<byte> name,
        int payloadLength)
    {
        var output = new ArrayBufferWriter<byte>(payloadLength + topic.Length + joinRef.Length + reference.Length + name.Length + 64);
        if (version == ProtocolVersion.V1)
        {
            output.Write("{\"topic\":"u8);
            JsonText.WriteString(output, topic);
            output.Write(",\"event\":\""u8);
            output.Write(name);
            output.Write("\",\"payload\":"u8);
        }
        else
        {
            output.Write("["u8);
            WriteRef(output, joinRef);
            output.Write(","u8);
            WriteRef(output, reference);
            output.Write(","u8);
            JsonText.WriteString(output, topic);
            output.Write(",\""u8);
            output.Write(name);
            output.Write("\","u8);
        }

        return output;
    }

    private static byte[] End(ArrayBufferWriter<byte> output, ProtocolVersion version, ReadOnlySpan<byte> reference)
    {
        if (version == ProtocolVersion.V1)
        {
            output.Write(",\"ref\":"u8);
            WriteRef(output, reference);
            output.Write("}"u8);
        }
        else
        {
            output.Write("]"u8);
        }

        return ServerFrame.Create(WebSocketOpcode.Text, output.WrittenSpan);
    }

    private static void WriteRef(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> reference) =>
        output.Write(reference.IsEmpty ? "null"u8 : reference);
}
