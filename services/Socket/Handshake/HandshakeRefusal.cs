using System.Text.Json;
using Realtime.Hosting.Tokens;

namespace Realtime.Socket.Handshake;

/// <summary>Why a connection is not upgraded (protocol.md 1.6). The literals are part of the contract.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Text">Member <c>error</c> of the body.</param>
/// <param name="Code">Code in logs and metrics.</param>
internal sealed record HandshakeRefusal(int Status, string Text, string Code)
{
    public static readonly HandshakeRefusal MissingToken = new(401, "API key is missing", "MissingAPIKey");
    public static readonly HandshakeRefusal Suspended = new(403, "Realtime was disabled for this tenant", "RealtimeDisabledForTenant");
    public static readonly HandshakeRefusal TenantNotFound = new(404, "Tenant not found", "TenantNotFound");
    public static readonly HandshakeRefusal TooManyUsers = new(429, "Too many connected users", "ConnectionRateLimitReached");
    public static readonly HandshakeRefusal TooManyJoins = new(429, "Too many joins per second", "JoinsRateLimitReached");
    public static readonly HandshakeRefusal Failed = new(500, "Error connecting to Realtime", "ErrorConnectingToWebsocket");

    /// <summary>The body.</summary>
    public byte[] Body => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["error"] = Text }, JsonOptions);

    private static JsonSerializerOptions JsonOptions { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A token that was refused; every such refusal is the client's to mend, so all are 401.</summary>
    public static HandshakeRefusal Token(TokenFailure failure) => new(401, failure.Message, failure.Kind switch
    {
        TokenFailureKind.Malformed => "MalformedJWT",
        TokenFailureKind.Expired or TokenFailureKind.MissingClaims => "InvalidJWTToken",
        _ => "ErrorConnectingToWebsocket",
    });
}
