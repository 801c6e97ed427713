using System.Text;

namespace Realtime.Hosting.Http;

/// <summary>A request's body as a route that asked for it gets it (http-api.md 1.5).</summary>
/// <param name="Kind">By content type; <see cref="RequestBodyKind.Unread"/> when that is absent or another.</param>
/// <param name="Bytes">Valid JSON, <c>{}</c> for an empty JSON body; or opaque bytes. The request owns the array and nobody changes it.</param>
public sealed record RequestBody(RequestBodyKind Kind, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Nothing was read.</summary>
    public static readonly RequestBody Unread = new(RequestBodyKind.Unread, default);

    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Kind = ").Append(Kind).Append(", Length = ").Append(Bytes.Length);
        return true;
    }
}

/// <summary>What a body was taken for.</summary>
public enum RequestBodyKind
{
    /// <summary>Not read.</summary>
    Unread,

    /// <summary><c>application/json</c> or <c>application/*+json</c>: one value of any kind, checked down to its Unicode escapes.</summary>
    Json,

    /// <summary><c>application/octet-stream</c>.</summary>
    Bytes,
}
