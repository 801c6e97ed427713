using System.Security.Cryptography;
using System.Text;
using Realtime.Hosting.Tokens;

namespace Realtime.Socket.Channels;

/// <summary>A verified token and a fingerprint by which the same text is recognised; the text itself is not kept.</summary>
internal sealed class ChannelToken(VerifiedToken verified, byte[] fingerprint)
{
    /// <summary>The claims.</summary>
    public VerifiedToken Verified { get; } = verified;

    /// <summary>Wraps a token that was just verified.</summary>
    public static ChannelToken Create(string text, VerifiedToken verified) => new(verified, Fingerprint(text));

    /// <summary>Whether this was made from the same text.</summary>
    public bool IsOf(string text) => fingerprint.AsSpan().SequenceEqual(Fingerprint(text));

    private static byte[] Fingerprint(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
