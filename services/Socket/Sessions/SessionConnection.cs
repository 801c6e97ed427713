using Realtime.Hosting.Tokens;
using Realtime.Protocol;
using Realtime.Socket.Channels;

namespace Realtime.Socket.Sessions;

/// <summary>What the handshake found out and the session keeps.</summary>
/// <param name="Version">Serializer.</param>
/// <param name="Keys">Keys that verify tokens; those known when the socket connected (protocol.md 4.1).</param>
/// <param name="Token">Token of the connection.</param>
/// <param name="HeadersJson">The <c>x-</c> headers as a JSON object, for policies (protocol.md section 12).</param>
/// <param name="LogLevel">Least severe log line that this connection asked for.</param>
internal sealed record SessionConnection(
    ProtocolVersion Version, TokenKeys Keys, ChannelToken Token, string HeadersJson, LogLevel LogLevel)
{
    /// <summary>Level for lines about a client's mistakes: nobody but a connection that asked for them needs them.</summary>
    public LogLevel ClientMistakeLevel => LogLevel <= LogLevel.Warning ? LogLevel.Warning : LogLevel.Debug;
}
