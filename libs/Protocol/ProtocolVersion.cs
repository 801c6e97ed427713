namespace Realtime.Protocol;

/// <summary>Serializer of one socket, chosen by the <c>vsn</c> query parameter (protocol.md section 2). The value indexes encodings.</summary>
public enum ProtocolVersion : byte
{
    /// <summary>1.0.x: every frame is a JSON object.</summary>
    V1 = 0,

    /// <summary>2.0.x: JSON arrays and binary frames.</summary>
    V2 = 1,
}
