using System.Text.Json;

namespace Realtime.Hosting.Tokens;

/// <summary>A token whose signature and claims were accepted. Immutable and free of the signature, so it can be shared.</summary>
public sealed class VerifiedToken
{
    /// <summary>The claims as compact JSON text, an object; <c>exp</c> and <c>iat</c> are rounded to whole seconds.</summary>
    public required string ClaimsJson { get; init; }

    /// <summary>Claim <c>role</c> when it is a string, else null. Verification only demands that the claim is present.</summary>
    public required string? Role { get; init; }

    /// <summary>Claim <c>sub</c> when it is a string, else null.</summary>
    public required string? Subject { get; init; }

    /// <summary>Claim <c>exp</c>, rounded to whole Unix seconds and not beyond the year 9999; null for operator tokens without one.</summary>
    public required long? ExpiresAt { get; init; }

    /// <summary>Reads the claims anew.</summary>
    public JsonElement Claims() => JsonElement.Parse(ClaimsJson);
}
