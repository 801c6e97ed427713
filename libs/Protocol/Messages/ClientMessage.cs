namespace Realtime.Protocol.Messages;

/// <summary>A decoded message of a client; every span lives as long as the buffer it was decoded from.</summary>
/// <remarks>Valid JSON and valid UTF-8 wherever the form is text; names are valid UTF-8 in every form.</remarks>
public ref struct ClientMessage
{
    /// <summary>How it was framed.</summary>
    public MessageForm Form { get; internal set; }

    /// <summary>What it asks for.</summary>
    public ChannelEvent Event { get; internal set; }

    /// <summary>Reference of the join as a JSON value, usually a string; empty when null or absent.</summary>
    public ReadOnlySpan<byte> JoinRef { get; internal set; }

    /// <summary>Reference of this message as a JSON value; empty when null.</summary>
    public ReadOnlySpan<byte> Ref { get; internal set; }

    /// <summary>Topic in UTF-8, unescaped.</summary>
    public ReadOnlySpan<byte> Topic { get; internal set; }

    /// <summary>One JSON value for <see cref="MessageForm.Text"/>; opaque data for a push; the user payload for a user broadcast.</summary>
    public ReadOnlySpan<byte> Payload { get; internal set; }

    /// <summary>User event of a user broadcast in UTF-8.</summary>
    public ReadOnlySpan<byte> UserEvent { get; internal set; }

    /// <summary>Metadata of a user broadcast: valid JSON, only measured, never forwarded; empty for none.</summary>
    public ReadOnlySpan<byte> Metadata { get; internal set; }

    /// <summary>Whether the payload of a user broadcast is JSON; it is valid then.</summary>
    public bool IsJsonPayload { get; internal set; }

    /// <summary>Whether <see cref="Payload"/> is a JSON object.</summary>
    public readonly bool HasObjectPayload => Form == MessageForm.Text && Payload is [(byte)'{', ..];
}
